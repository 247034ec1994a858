package dev.loupe.lens.sweep;

import dev.loupe.lens.Answers;
import dev.loupe.lens.Metric;
import dev.loupe.lens.Readout;
import dev.loupe.model.BlockMath;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Reads a metric off the final residual stream, computing only the logits that it needs. */
final class Reader {
  private final BlockMath math;
  private final Metric metric;
  private final Answers answers;
  private final long[] columns;
  private final List<List<Long>> tokens;

  /** Prepares reading runs over {@code prompts}, those of a block. */
  Reader(HookedTransformer model, Metric metric, PromptBlock block, Tokens prompts) {
    this(
        model,
        metric,
        block.pairs().answers().rows(block.rows().stream().mapToInt(Integer::intValue).toArray()),
        prompts);
  }

  /** Prepares reading runs over {@code prompts}, of one length, with answers to each. */
  Reader(HookedTransformer model, Metric metric, Answers answers, Tokens prompts) {
    this.metric = metric;
    this.answers = answers;
    math = model.math();
    columns = metric.reads() == Metric.Reads.ANSWERS ? answers.tokens() : new long[0];
    tokens =
        IntStream.range(0, answers.size())
            .mapToObj(prompt -> LongStream.of(prompts.row(prompt)).boxed().toList())
            .toList();
  }

  /** Tells whether it reads every position, not only the last. */
  boolean readsAll() {
    return metric.reads() == Metric.Reads.EVERY;
  }

  /** Returns the logits it reads of a final residual stream, [..., d_model]. */
  Tensor logits(Tensor residual) {
    return logitsOf(math.unembeddingInput(math.normalized(residual)));
  }

  /** Returns the logits it reads of what the unembedding reads, [..., d_model]. */
  Tensor logitsOf(Tensor input) {
    return metric.reads() == Metric.Reads.ANSWERS
        ? math.logits(input, columns)
        : math.logits(input);
  }

  /**
   * Returns the metric of several runs.
   *
   * @param logits [run, prompt, column] or, where it reads all positions, [run, prompt, pos,
   *     d_vocab]
   * @param from the first position of these
   * @param base logits of the base run, at the last or at all positions
   */
  double[][] read(Tensor logits, int from, Tensor base) {
    var readout =
        new Readout(
            logits,
            LongStream.of(columns).boxed().toList(),
            answers,
            tokens,
            from,
            Optional.of(new Readout.Base(base)));
    var values = metric.of(readout);
    int prompts = answers.size();
    double[] flat = values.toDoubles();
    var result = new double[(int) values.size(0)][prompts];
    for (int i = 0; i < flat.length; i++) {
      result[i / prompts][i % prompts] = flat[i];
    }
    return result;
  }
}
