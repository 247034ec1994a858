package dev.loupe.circuit.score;

import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.run.Corruption;
import dev.loupe.circuit.run.EdgeRun;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Metric;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.PromptPairs;
import dev.loupe.model.HookedTransformer;
import java.util.List;
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

  /** Returns what is lost without each of these sets of edges, which are run together. */
  List<Estimate> of(List<EdgeSet> removed) {
    double[][] without = effects.of(removed.stream().map(all::without).toList());
    return IntStream.range(0, without.length)
        .mapToObj(set ->
            Estimate.of(
                IntStream.range(0, whole.length)
                    .mapToDouble(prompt -> sign * (whole[prompt] - without[set][prompt]))
                    .toArray()))
        .toList();
  }

  /** Returns the same in less memory. */
  static ScoreEstimates estimates(List<Estimate> each) {
    return new ScoreEstimates(
        each.stream().mapToDouble(Estimate::mean).toArray(),
        each.stream().mapToDouble(Estimate::standardError).toArray(),
        each.getFirst().n());
  }
}
