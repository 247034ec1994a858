package dev.loupe.circuit.run;

import dev.loupe.lens.Interruption;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.SameLength;
import dev.loupe.model.HookedTransformer;
import dev.loupe.tensor.DType;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What sources hold where they are corrupted. A mean is over the corrupted prompts of a template,
 * position by position; a position that only the longer ones have is a mean over those.
 */
public final class Corrupted implements AutoCloseable {
  private final HookedTransformer model;
  private final Corruption corruption;
  private final Map<String, Integer> templates = new HashMap<>();
  // Of each template, [template, pos, ...].
  private final Optional<SourceValues> means;

  private Corrupted(
      HookedTransformer model, Corruption corruption, PromptPairs pairs, List<int[]> batches) {
    this.model = model;
    this.corruption = corruption;
    pairs.templates().forEach(name -> templates.putIfAbsent(name, templates.size()));
    means = corruption == Corruption.MEAN ? Optional.of(means(pairs, batches)) : Optional.empty();
  }

  /**
   * Prepares the corruption of prompts.
   *
   * @param pairs all of them: means are taken over their corrupted ones
   * @param batches the rows that are run together, each of one length
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   */
  public static Corrupted of(
      HookedTransformer model, Corruption corruption, PromptPairs pairs, List<int[]> batches) {
    return new Corrupted(model, corruption, pairs, batches);
  }

  /**
   * Returns the values of prompts of one length, each a row.
   *
   * @param pairs some of those that this was prepared for
   * @param clean their values in the clean run
   */
  public SourceValues of(PromptPairs pairs, SourceValues clean) {
    return switch (corruption) {
      case COUNTERFACTUAL -> SourceValues.of(model, pairs.corrupted());
      case ZERO ->
          clean.map(value -> Tensors.zeros(value.dtype(), value.shape()).to(value.device()));
      case MEAN -> {
        long[] which = pairs.templates().stream().mapToLong(this::template).toArray();
        int length = pairs.clean().length();
        yield means
            .orElseThrow()
            .map(mean -> TensorScope.tidy(() -> mean.narrow(1, 0, length).indexSelect(0, which)));
      }
    };
  }

  /** Returns the same with the residual streams that come of it. */
  RunState state(PromptPairs pairs, SourceValues clean) {
    return corruption == Corruption.COUNTERFACTUAL
        ? RunState.ran(model, pairs.corrupted())
        : RunState.of(model, of(pairs, clean));
  }

  private int template(String name) {
    return Objects.requireNonNull(templates.get(name));
  }

  private SourceValues means(PromptPairs pairs, List<int[]> batches) {
    int length =
        batches.stream()
            .mapToInt(rows -> pairs.corrupted().row(rows[0]).length)
            .max()
            .orElseThrow();
    var counts = new double[templates.size() * length];
    try (var scope = TensorScope.open()) {
      List<Tensor> sums = new ArrayList<>();
      for (int[] rows : batches) {
        Interruption.check("means were taken");
        try (var _ = TensorScope.open()) {
          var tokens = SameLength.unpadded(pairs.corrupted(), rows);
          // [template, row]: 1 where the row is of the template.
          var member = new double[templates.size() * rows.length];
          for (int i = 0; i < rows.length; i++) {
            int template = template(pairs.templates().get(rows[i]));
            member[template * rows.length + i] = 1;
            for (int at = 0; at < tokens.length(); at++) {
              counts[template * length + at]++;
            }
          }
          var values = SourceValues.of(model, tokens).all();
          for (int i = 0; i < values.size(); i++) {
            var value = values.get(i).widened();
            var shape = value.shape();
            shape[0] = templates.size();
            var own =
                Tensors.of(member, templates.size(), rows.length)
                    .to(value.dtype())
                    .to(value.device())
                    .matmul(value.reshape(rows.length, -1))
                    .reshape(shape);
            shape[1] = length;
            if (sums.size() <= i) {
              sums.add(scope.keep(Tensors.zeros(own.dtype(), shape).to(own.device())));
            }
            sums.get(i).narrow(1, 0, tokens.length()).addInPlace(own, 1);
          }
        }
      }
      for (int i = 0; i < counts.length; i++) {
        counts[i] = Math.max(1, counts[i]);
      }
      DType type = model.weights().wE().dtype();
      return SourceValues.ofAll(
          sums.stream()
              .map(sum -> {
                var shape = new long[sum.dim()];
                Arrays.fill(shape, 1);
                shape[0] = templates.size();
                shape[1] = length;
                var divisor = Tensors.of(counts, shape).to(sum.dtype()).to(sum.device());
                return TensorScope.unscoped(sum.div(divisor).to(type));
              })
              .toList());
    }
  }

  /** Frees the means. */
  @Override
  public void close() {
    means.ifPresent(values -> values.all().forEach(Tensor::free));
  }
}
