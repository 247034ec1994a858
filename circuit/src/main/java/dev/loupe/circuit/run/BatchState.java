package dev.loupe.circuit.run;

import dev.loupe.lens.Answers;
import dev.loupe.lens.Metric;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Readout;
import dev.loupe.lens.SameLength;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Prompts of one length in the clean and in the ablated run, and how their metric is read. */
final class BatchState implements AutoCloseable {
  // Whole vocabularies are large: this many rows of logits at once.
  private static final int ROWS = 256;

  private final HookedTransformer model;
  private final Metric metric;
  private final int[] rows;
  private final Tokens tokens;
  private final Answers answers;
  private final RunState clean;
  private final RunState ablated;
  private final Optional<Tensor> base;

  private BatchState(
      HookedTransformer model, PromptPairs all, Metric metric, Corrupted corrupted, int... rows) {
    this.model = model;
    this.metric = metric;
    this.rows = rows.clone();
    var pairs = SameLength.unpadded(all, rows);
    tokens = pairs.clean();
    answers = pairs.answers();
    try (var _ = TensorScope.open()) {
      clean = RunState.ran(model, tokens).unscoped();
      ablated = corrupted.state(pairs, clean.values()).unscoped();
      base =
          metric.reads() == Metric.Reads.ANSWERS
              ? Optional.empty()
              : Optional.of(TensorScope.unscoped(logits(atLogits(true).unsqueeze(0)).select(0, 0)));
    }
  }

  /** Runs prompts of one length. */
  static BatchState of(
      HookedTransformer model, PromptPairs pairs, Metric metric, Corrupted corrupted, int... rows) {
    return new BatchState(model, pairs, metric, corrupted, rows);
  }

  /** Returns the rows of the pairs that these are. */
  List<Integer> rows() {
    return Arrays.stream(rows).boxed().toList();
  }

  int size() {
    return rows.length;
  }

  int length() {
    return tokens.length();
  }

  /** Tells whether the metric reads every position, not the last alone. */
  boolean readsEvery() {
    return metric.reads() == Metric.Reads.EVERY;
  }

  RunState clean() {
    return clean;
  }

  RunState ablated() {
    return ablated;
  }

  /** Returns the final residual stream of the clean or the ablated run, [batch, pos, d_model]. */
  private Tensor atLogits(boolean ofClean) {
    return (ofClean ? clean : ablated).streams().getLast();
  }

  /** Returns the metric of the clean or the ablated run. */
  double[] plain(boolean ofClean) {
    try (var _ = TensorScope.open()) {
      return metric(atLogits(ofClean).unsqueeze(0))[0];
    }
  }

  /**
   * Returns the metric of several runs, [run][prompt].
   *
   * @param residuals the final residual streams, [run, batch, pos, d_model]
   */
  double[][] metric(Tensor residuals) {
    int runs = Math.toIntExact(residuals.size(0));
    var values = new double[runs][];
    int each = Math.max(1, ROWS / (size() * (readsEvery() ? length() : 1)));
    for (int from = 0; from < runs; from += each) {
      int to = Math.min(runs, from + each);
      try (var _ = TensorScope.open()) {
        double[] read =
            metric.of(readout(logits(residuals.narrow(0, from, to - from)))).toDoubles();
        for (int run = from; run < to; run++) {
          values[run] = Arrays.copyOfRange(read, (run - from) * size(), (run - from + 1) * size());
        }
      }
    }
    return values;
  }

  private Tensor logits(Tensor residuals) {
    var math = model.math();
    var read =
        readsEvery() || residuals.size(2) == 1
            ? residuals
            : residuals.narrow(2, residuals.size(2) - 1, 1);
    var input = math.unembeddingInput(math.normalized(read));
    return switch (metric.reads()) {
      case ANSWERS -> math.logits(input.squeeze(2), answers.tokens());
      case LAST -> math.logits(input.squeeze(2));
      case EVERY -> math.logits(input);
    };
  }

  private Readout readout(Tensor logits) {
    List<Long> columns =
        metric.reads() == Metric.Reads.ANSWERS
            ? LongStream.of(answers.tokens()).boxed().toList()
            : List.of();
    return new Readout(
        logits,
        columns,
        answers,
        IntStream.range(0, size())
            .mapToObj(row -> Arrays.stream(tokens.row(row)).boxed().toList())
            .toList(),
        0,
        base.map(Readout.Base::new));
  }

  @Override
  public void close() {
    clean.free();
    ablated.free();
    base.ifPresent(Tensor::free);
  }
}
