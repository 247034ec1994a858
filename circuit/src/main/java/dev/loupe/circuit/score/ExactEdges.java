package dev.loupe.circuit.score;

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
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Exact edge activation patching: what the metric does where one edge alone carries the value of
 * another run and all others what this run gives. It is what attribution methods estimate (Syed et
 * al. 2023), at the price of a run from the edge on for each.
 *
 * @param scores the means of the effects
 * @param effects by the numbers of the edges, positive where an edge raises the metric by its clean
 *     value: what is lost where it does not have it ({@link PatchDirection#NOISING}), or gained
 *     where it alone has it ({@link PatchDirection#DENOISING})
 */
public record ExactEdges(EdgeScores scores, List<Estimate> effects) {
  /** Copies the list; refuses another number of estimates than there are edges. */
  public ExactEdges {
    effects = List.copyOf(effects);
    if (effects.size() != scores.shape().edges()) {
      throw new IllegalArgumentException(
          effects.size() + " effects of " + scores.shape().edges() + " edges: expected one each");
    }
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
    boolean noising = direction == PatchDirection.NOISING;
    if (!noising && corruption != Corruption.COUNTERFACTUAL) {
      throw new IllegalArgumentException(
          "corruption %s, %s: expected counterfactual, as there is no other corrupted run; or noising"
              .formatted(corruption, direction));
    }
    try (var run = EdgeRun.of(model, noising ? pairs : exchanged(pairs), metric, corruption)) {
      return of(Effects.of(run), noising ? 1 : -1, progress);
    }
  }

  private static PromptPairs exchanged(PromptPairs pairs) {
    var base = pairs.corrupted();
    var source = pairs.clean();
    return new PromptPairs(base, source, pairs.answers(), pairs.positions(), pairs.templates());
  }

  /** Scores by what the metric loses without an edge, times a sign. */
  static ExactEdges of(Effects effects, int sign, Progress progress) {
    var shape = effects.shape();
    var all = EdgeSet.all(shape);
    var found = new ArrayList<>(Collections.nCopies(shape.edges(), Estimate.none()));
    double[] whole = effects.of(List.of(all))[0];
    int done = 0;
    for (int target = 0; target < shape.targets(); target++) {
      int to = target;
      int[] edges =
          IntStream.range(0, shape.reads(target)).map(source -> shape.edge(source, to)).toArray();
      double[][] without =
          effects.of(
              IntStream.of(edges)
                  .mapToObj(edge -> all.without(EdgeSet.of(shape, IntStream.of(edge))))
                  .toList());
      for (int i = 0; i < edges.length; i++) {
        double[] changed = without[i];
        found.set(
            edges[i],
            Estimate.of(
                IntStream.range(0, whole.length)
                    .mapToDouble(prompt -> sign * (whole[prompt] - changed[prompt]))
                    .toArray()));
      }
      done += edges.length;
      progress.at(done, shape.edges());
    }
    double[] means = found.stream().mapToDouble(Estimate::mean).toArray();
    return new ExactEdges(EdgeScores.of(shape, means), found);
  }
}
