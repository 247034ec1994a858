package dev.loupe.circuit.score;

import dev.loupe.circuit.run.Corruption;
import dev.loupe.lens.Interruption;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.SameLength;
import dev.loupe.model.HookedTransformer;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;

/** What sources hold where they are corrupted. Its tensors are in the scope that it was made in. */
final class Corrupted {
  private final HookedTransformer model;
  private final Corruption corruption;
  private final Map<String, Integer> templates = new LinkedHashMap<>();
  private final Optional<SourceValues> means;

  /**
   * Prepares the corruption of prompts.
   *
   * @param prompts all of them: means are taken over their corrupted ones
   */
  Corrupted(HookedTransformer model, Corruption corruption, PromptPairs prompts) {
    this.model = model;
    this.corruption = corruption;
    prompts.templates().forEach(name -> templates.putIfAbsent(name, templates.size()));
    means = corruption == Corruption.MEAN ? Optional.of(means(prompts)) : Optional.empty();
  }

  /** Returns the values of prompts of one length, each a row. */
  SourceValues of(PromptPairs pairs, SourceValues clean) {
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

  private int template(String name) {
    return Objects.requireNonNull(templates.get(name));
  }

  /** Returns the means of every template, [template, pos, ...]. */
  private SourceValues means(PromptPairs prompts) {
    int positions = prompts.clean().length();
    var counts = new double[templates.size() * positions];
    Optional<SourceValues> sums = Optional.empty();
    for (int[] rows : SameLength.batches(prompts.corrupted())) {
      Interruption.check("means were taken");
      var tokens = SameLength.unpadded(prompts.corrupted(), rows);
      int[] own = Arrays.stream(rows).map(row -> template(prompts.templates().get(row))).toArray();
      for (int template : own) {
        for (int i = 0; i < tokens.length(); i++) {
          counts[template * positions + i]++;
        }
      }
      if (sums.isEmpty()) {
        try (var scope = TensorScope.open()) {
          var empty = SourceValues.of(model, tokens).map(value -> zeros(value, positions));
          sums = Optional.of(empty.map(scope::keep));
        }
      }
      var into = sums.get();
      try (var _ = TensorScope.open()) {
        var values = SourceValues.of(model, tokens);
        add(into.input(), values.input(), own);
        for (int layer = 0; layer < into.z().size(); layer++) {
          add(into.z().get(layer), values.z().get(layer), own);
          add(into.mlp().get(layer), values.mlp().get(layer), own);
        }
      }
    }
    return sums.orElseThrow().map(sum -> divided(sum, counts, positions));
  }

  private Tensor zeros(Tensor value, int positions) {
    var shape = value.shape();
    shape[0] = templates.size();
    shape[1] = positions;
    return Tensors.zeros(value.widened().dtype(), shape).to(value.device());
  }

  private static void add(Tensor sum, Tensor values, int... templates) {
    int[] distinct = Arrays.stream(templates).distinct().toArray();
    for (int template : distinct) {
      long[] rows =
          IntStream.range(0, templates.length)
              .filter(row -> templates[row] == template)
              .asLongStream()
              .toArray();
      sum.select(0, template)
          .narrow(0, 0, values.size(1))
          .addInPlace(values.indexSelect(0, rows).widened().sum(0), 1);
    }
  }

  // What no prompt of a template reaches is never read.
  private static Tensor divided(Tensor sum, double[] counts, int positions) {
    var shape = new long[sum.dim()];
    Arrays.fill(shape, 1);
    shape[0] = counts.length / positions;
    shape[1] = positions;
    double[] atLeastOne = Arrays.stream(counts).map(count -> Math.max(1, count)).toArray();
    return TensorScope.tidy(
        () -> sum.div(Tensors.of(atLeastOne, shape).to(sum.dtype()).to(sum.device())));
  }
}
