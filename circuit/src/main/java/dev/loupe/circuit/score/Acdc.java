package dev.loupe.circuit.score;

import dev.loupe.circuit.graph.EdgeScores;
import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.Ranking;
import dev.loupe.circuit.run.Corruption;
import dev.loupe.circuit.run.EdgeRun;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Metric;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.HookedTransformer;
import java.util.Comparator;
import java.util.function.DoubleBinaryOperator;

/**
 * Automated circuit discovery (Conmy et al. 2023, algorithm 1): from the logits backwards, every
 * edge is removed whose removal changes the metric by less than a threshold, those before it being
 * removed already. What is removed carries its ablated value. Of a target the edges of the last
 * source are tried first.
 *
 * @param metric by which circuits are told apart: {@link StandardMetric#KL_DIVERGENCE} from the
 *     clean run, the logit difference, or any other
 * @param threshold what an edge must change to stay, in units of the metric; above 0
 * @param counted which changes count
 */
public record Acdc(Metric metric, double threshold, Counted counted) {
  /** Which changes of a metric speak for an edge. */
  public enum Counted {
    /**
     * Those for the worse: a larger KL divergence, loss or rank, less of anything else. An edge
     * whose removal improves the metric goes, as in the paper.
     */
    HARM,
    /** Those either way: an edge that works against the metric stays. */
    CHANGE
  }

  /** Refuses thresholds that are no positive number. */
  public Acdc {
    if (!(threshold > 0) || Double.isInfinite(threshold)) {
      throw new IllegalArgumentException(
          "threshold " + threshold + ": expected a positive number, in units of " + metric.label());
    }
  }

  /** Returns the method of the paper: edges stay whose removal harms. */
  public static Acdc of(Metric metric, double threshold) {
    return new Acdc(metric, threshold, Counted.HARM);
  }

  /**
   * A circuit that was found.
   *
   * @param edges those that stay
   * @param scores by edge what the metric lost by its removal when that was tried, so positive
   *     where the edge raises the metric (edges that matter lower a KL divergence); 0 of those into
   *     nodes of which nothing was left to read
   * @param whole the metric of the whole model, before anything was removed
   * @param circuit that of the circuit
   * @param runs how many circuits were run on the prompts; one edge after the other would be the
   *     number of edges and one
   */
  public record Found(
      EdgeSet edges, EdgeScores scores, Estimate whole, Estimate circuit, int runs) {}

  /**
   * Finds the circuit of a model. Runs of many circuits go together.
   *
   * @param corruption what removed edges carry
   * @throws IllegalArgumentException if the prompts or their answers do not suit model or metric,
   *     or the metric is not a number in the mean
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   */
  public Found find(
      HookedTransformer model, PromptPairs pairs, Corruption corruption, Progress progress) {
    try (var run = EdgeRun.of(model, pairs, metric, corruption)) {
      return find(run, progress);
    }
  }

  /**
   * Finds the circuit of a model that is run already.
   *
   * @throws IllegalArgumentException if it is run by another metric, or the metric is not a number
   *     in the mean
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   */
  public Found find(EdgeRun run, Progress progress) {
    requireOwnMetric(run);
    return search(Effects.of(run), progress);
  }

  Found search(Effects effects, Progress progress) {
    var shape = effects.shape();
    return new AcdcSearch(effects, threshold, harm(), EdgeSet.all(shape))
        .run(AcdcSearch.order(shape), progress);
  }

  /**
   * Takes out of a circuit what it does not need, so that what is left is minimal: its edges are
   * tried from the lowest score to the highest, and removed as the search does it, but those before
   * in that order being removed already.
   *
   * @param circuit where it begins; {@link Found#whole} is its metric
   * @param ranking what makes a score high; of equal ones the edge that comes last goes first
   * @throws IllegalArgumentException if the model is run by another metric, the circuit or the
   *     scores are of another graph, or the metric is not a number in the mean
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   */
  public Found prune(
      EdgeRun run, EdgeSet circuit, EdgeScores scores, Ranking ranking, Progress progress) {
    requireOwnMetric(run);
    run.shape().requireSame(scores.shape());
    return prune(Effects.of(run), circuit, scores, ranking, progress);
  }

  Found prune(
      Effects effects, EdgeSet circuit, EdgeScores scores, Ranking ranking, Progress progress) {
    int[] order =
        circuit
            .numbers()
            .boxed()
            .sorted(
                Comparator.comparingDouble((Integer edge) -> ranking.of(scores.score(edge)))
                    .thenComparing(Comparator.reverseOrder()))
            .mapToInt(Integer::intValue)
            .toArray();
    return new AcdcSearch(effects, threshold, harm(), circuit).run(order, progress);
  }

  private void requireOwnMetric(EdgeRun run) {
    if (!run.metric().equals(metric)) {
      throw new IllegalArgumentException(
          "a run by %s: expected one by %s, as the threshold is in its units"
              .formatted(run.metric().label(), metric.label()));
    }
  }

  DoubleBinaryOperator harm() {
    return switch (counted) {
      case CHANGE -> (before, after) -> Math.abs(after - before);
      case HARM ->
          lowerIsBetter(metric)
              ? (before, after) -> after - before
              : (before, after) -> before - after;
    };
  }

  private static boolean lowerIsBetter(Metric metric) {
    return switch (metric) {
      case StandardMetric.KL_DIVERGENCE, StandardMetric.LOSS, StandardMetric.RANK -> true;
      case Metric.Recovery(var of) -> lowerIsBetter(of);
      default -> false;
    };
  }

  /** Returns {@code ACDC by KL divergence, threshold 0.1, what harms}. */
  @Override
  public String toString() {
    return "ACDC by %s, threshold %s, %s"
        .formatted(
            metric.label(), threshold, counted == Counted.HARM ? "what harms" : "any change");
  }
}
