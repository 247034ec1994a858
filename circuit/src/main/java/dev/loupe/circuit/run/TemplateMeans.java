package dev.loupe.circuit.run;

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
import java.util.stream.IntStream;

/**
 * What sources add in the mean over the corrupted prompts of a template, position by position; a
 * position that only the longer ones have is a mean over those.
 */
final class TemplateMeans implements AutoCloseable {
  private final Map<String, Integer> templates = new HashMap<>();
  // [template, pos, ...] of each of Outputs.all
  private final List<Tensor> means;
  private final int layers;

  private TemplateMeans(PromptPairs pairs, HookedTransformer model, List<int[]> batches) {
    layers = model.config().nLayers();
    pairs.templates().forEach(name -> templates.putIfAbsent(name, templates.size()));
    int length =
        batches.stream()
            .mapToInt(rows -> pairs.corrupted().row(rows[0]).length)
            .max()
            .orElseThrow();
    var counts = new double[templates.size() * length];
    try (var scope = TensorScope.open()) {
      List<Tensor> sums = new ArrayList<>();
      for (int[] rows : batches) {
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
          var outputs = RunState.outputs(model, tokens).all();
          for (int i = 0; i < outputs.size(); i++) {
            var output = outputs.get(i).widened();
            var shape = output.shape();
            shape[0] = templates.size();
            var own =
                Tensors.of(member, templates.size(), rows.length)
                    .to(output.dtype())
                    .to(output.device())
                    .matmul(output.reshape(rows.length, -1))
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
      means =
          sums.stream()
              .map(sum -> {
                var shape = new long[sum.dim()];
                Arrays.fill(shape, 1);
                shape[0] = templates.size();
                shape[1] = length;
                var divisor = Tensors.of(counts, shape).to(sum.dtype()).to(sum.device());
                return TensorScope.unscoped(sum.div(divisor).to(type));
              })
              .toList();
    }
  }

  /**
   * Computes the means.
   *
   * @param batches the rows that are run together, each of one length
   */
  static TemplateMeans of(PromptPairs pairs, HookedTransformer model, List<int[]> batches) {
    return new TemplateMeans(pairs, model, batches);
  }

  private int template(String name) {
    return Objects.requireNonNull(templates.get(name));
  }

  /** Returns what sources add in the mean, for rows of one length. */
  RunState.Outputs outputs(PromptPairs pairs, int... rows) {
    int length = pairs.corrupted().row(rows[0]).length;
    long[] which =
        IntStream.of(rows).mapToLong(row -> template(pairs.templates().get(row))).toArray();
    var own = means.stream().map(mean -> mean.narrow(1, 0, length).indexSelect(0, which)).toList();
    return new RunState.Outputs(
        own.getFirst(), own.subList(1, 1 + layers), own.subList(1 + layers, own.size()));
  }

  @Override
  public void close() {
    means.forEach(Tensor::free);
  }
}
