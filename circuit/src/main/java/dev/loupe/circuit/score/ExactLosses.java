package dev.loupe.circuit.score;

import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.run.Corruption;
import dev.loupe.circuit.run.EdgeRun;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Metric;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.model.HookedTransformer;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** What the whole model loses without some edges, which carry the values of another run. */
final class ExactLosses {
  private final Effects effects;
  private final int sign;
  private final EdgeSet all;
  private final double[] whole;

  /**
   * Runs the whole model.
   *
   * @param sign 1, or -1 where it is the model on corrupted prompts, so that a loss is a gain
   */
  ExactLosses(Effects effects, int sign) {
    this.effects = effects;
    this.sign = sign;
    all = EdgeSet.all(effects.shape());
    whole = effects.of(List.of(all))[0];
  }

  /** What is scored. */
  interface Scoring<T> {
    /** Scores by circuits and the sign of {@link ExactLosses}. */
    T of(Effects effects, int sign);
  }

  /** Scores a model on pairs, or on pairs of which clean and corrupted are exchanged. */
  static <T> T of(
      HookedTransformer model,
      PromptPairs pairs,
      Metric metric,
      Corruption corruption,
      PatchDirection direction,
      Scoring<T> scoring) {
    boolean noising = direction == PatchDirection.NOISING;
    if (!noising && corruption != Corruption.COUNTERFACTUAL) {
      throw new IllegalArgumentException(
          "corruption %s, %s: expected counterfactual, as there is no other corrupted run; or noising"
              .formatted(corruption, direction));
    }
    try (var run = EdgeRun.of(model, noising ? pairs : exchanged(pairs), metric, corruption)) {
      return scoring.of(Effects.of(run), noising ? 1 : -1);
    }
  }

  private static PromptPairs exchanged(PromptPairs pairs) {
    var base = pairs.corrupted();
    var source = pairs.clean();
    return new PromptPairs(base, source, pairs.answers(), pairs.positions(), pairs.templates());
  }

  /**
   * Returns what is lost without each of some sets of edges.
   *
   * @param together the numbers of the sets, each once: those that are run together
   * @param removed the set of a number
   */
  ScoreEstimates of(List<int[]> together, IntFunction<EdgeSet> removed, Progress progress) {
    int size = together.stream().mapToInt(numbers -> numbers.length).sum();
    var means = new double[size];
    var errors = new double[size];
    int done = 0;
    for (int[] numbers : together) {
      double[][] without =
          effects.of(IntStream.of(numbers).mapToObj(removed).map(all::without).toList());
      for (int i = 0; i < numbers.length; i++) {
        var lost = lost(without[i]);
        means[numbers[i]] = lost.mean();
        errors[numbers[i]] = lost.standardError();
      }
      done += numbers.length;
      progress.at(done, size);
    }
    return new ScoreEstimates(means, errors, whole.length);
  }

  private Estimate lost(double... without) {
    return Estimate.of(
        IntStream.range(0, whole.length)
            .mapToDouble(prompt -> sign * (whole[prompt] - without[prompt]))
            .toArray());
  }
}
