package dev.loupe.circuit.score;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.graph.NodeScores;
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
 * Exact activation patching of nodes, at all positions: what the metric does where all that one
 * node adds is of another run and all others add what this run gives.
 *
 * @param scores the means over prompts, positive where a node raises the metric by its clean value:
 *     what is lost where it does not have it ({@link PatchDirection#NOISING}), or gained where it
 *     alone has it ({@link PatchDirection#DENOISING})
 * @param estimates the same with their standard errors
 */
public record ExactNodes(NodeScores scores, ScoreEstimates estimates) {
  private static final int AT_ONCE = 64;

  /**
   * Returns the score of a node.
   *
   * @throws IllegalArgumentException if the model lacks it
   */
  public Estimate of(CircuitNode node) {
    return estimates.get(scores.shape().number(node));
  }

  /**
   * Scores every node of a model.
   *
   * @param corruption what nodes add that do not add their clean value
   * @param direction which run the node is patched in; of a metric that compares with a base run or
   *     reads its tokens, it is the base run
   * @throws IllegalArgumentException if the prompts or their answers do not suit model or metric,
   *     if an effect is not a number, or if clean values are to be patched into a run that no
   *     prompts give, which means and zeros leave
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   */
  public static ExactNodes of(
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
   * Scores every node of a model that is run already: what is lost where it does not have its clean
   * value.
   *
   * @throws IllegalArgumentException if an effect is not a number
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   */
  public static ExactNodes of(EdgeRun run, Progress progress) {
    return of(Effects.of(run), 1, progress);
  }

  private static ExactNodes of(Effects effects, int sign, Progress progress) {
    var shape = effects.shape();
    var together =
        IntStream.iterate(0, from -> from < shape.sources(), from -> from + AT_ONCE)
            .mapToObj(
                from -> IntStream.range(from, Math.min(from + AT_ONCE, shape.sources())).toArray())
            .toList();
    var found =
        new ExactLosses(effects, sign).of(together, source -> from(shape, source), progress);
    return new ExactNodes(NodeScores.of(shape, found.means()), found);
  }

  private static EdgeSet from(GraphShape shape, int source) {
    return EdgeSet.of(
        shape,
        IntStream.range(shape.firstTarget(source), shape.targets())
            .map(target -> shape.edge(source, target)));
  }
}
