package dev.loupe.circuit.score;

import dev.loupe.circuit.graph.Edge;
import dev.loupe.circuit.graph.EdgeScores;
import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.run.Corruption;
import dev.loupe.circuit.run.EdgeRun;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Metric;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.model.HookedTransformer;
import java.util.stream.IntStream;

/**
 * Exact edge activation patching: what the metric does where one edge alone carries the value of
 * another run and all others what this run gives. It is what attribution methods estimate (Syed et
 * al. 2023), at the price of a run from the edge on for each.
 *
 * @param scores the means over prompts, positive where an edge raises the metric by its clean
 *     value: what is lost where it does not have it ({@link PatchDirection#NOISING}), or gained
 *     where it alone has it ({@link PatchDirection#DENOISING})
 * @param estimates the same with their standard errors
 */
public record ExactEdges(EdgeScores scores, ScoreEstimates estimates) {
  /**
   * Returns the score of an edge.
   *
   * @throws IllegalArgumentException if the model lacks it
   */
  public Estimate of(Edge edge) {
    return estimates.get(scores.shape().number(edge));
  }

  /**
   * Scores every edge of a model; those into one target are run together.
   *
   * @param corruption what edges carry that do not carry their clean value
   * @param direction which run the edge is patched in; of a metric that compares with a base run or
   *     reads its tokens, it is the base run
   * @throws IllegalArgumentException if the prompts or their answers do not suit model or metric,
   *     if an effect is not a number, or if clean values are to be patched into a run that no
   *     prompts give, which means and zeros leave
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   */
  public static ExactEdges of(
      HookedTransformer model,
      PromptPairs pairs,
      Metric metric,
      Corruption corruption,
      PatchDirection direction,
      Progress progress) {
    return ExactLosses.of(
        model,
        pairs,
        metric,
        corruption,
        direction,
        (effects, sign) -> of(effects, sign, progress));
  }

  /**
   * Scores every edge of a model that is run already: what is lost where it does not have its clean
   * value.
   *
   * @throws IllegalArgumentException if an effect is not a number
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   */
  public static ExactEdges of(EdgeRun run, Progress progress) {
    return of(Effects.of(run), 1, progress);
  }

  /** Scores by what the metric loses without an edge, times a sign. */
  static ExactEdges of(Effects effects, int sign, Progress progress) {
    var shape = effects.shape();
    var intoEach =
        IntStream.range(0, shape.targets())
            .mapToObj(target ->
                IntStream.range(0, shape.reads(target))
                    .map(source -> shape.edge(source, target))
                    .toArray())
            .toList();
    var found =
        new ExactLosses(effects, sign)
            .of(intoEach, edge -> EdgeSet.of(shape, IntStream.of(edge)), progress);
    return new ExactEdges(EdgeScores.of(shape, found.means()), found);
  }
}
