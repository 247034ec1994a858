package dev.loupe.circuit.score;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.graph.EdgeScores;
import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.EdgeTarget;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Progress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleBinaryOperator;
import java.util.stream.IntStream;

/**
 * The walk of ACDC, and of pruning. Whether an edge stays depends on which went before it; as
 * nearly all go, runs are made ahead as if every edge of a chain went, and those after the first
 * that stays are made anew. What comes out is what testing one edge after the other gives.
 */
final class AcdcSearch {
  private static final int FIRST = 8;
  private static final int MOST = 64;
  // Those that need no run are many: each keeps a circuit.
  private static final int LONGEST = 1024;

  private final Effects effects;
  private final GraphShape shape;
  private final double threshold;
  private final DoubleBinaryOperator harm;
  private final double[] scores;
  private EdgeSet circuit;
  private double[] metric;
  private int runs;

  /**
   * Prepares a search.
   *
   * @param harm how much is lost by a change of the metric, of its value before and after
   * @param from the circuit that edges are taken out of
   */
  AcdcSearch(Effects effects, double threshold, DoubleBinaryOperator harm, EdgeSet from) {
    this.effects = effects;
    this.threshold = threshold;
    this.harm = harm;
    shape = effects.shape();
    scores = new double[shape.edges()];
    circuit = from;
    metric = metrics(List.of(circuit))[0];
  }

  /**
   * An edge that may go.
   *
   * @param isIdle whether what its target's node writes is read by nothing any more
   * @param without the circuit without it, and without those before it in its chain
   */
  private record Trial(int edge, boolean isIdle, EdgeSet without) {}

  /** Tries edges in an order, each with those before it that went being gone. */
  Acdc.Found run(int[] order, Progress progress) {
    var whole = Estimate.of(metric);
    int at = 0;
    int length = FIRST;
    while (at < order.length) {
      var chain = chain(order, at, length);
      int decided = decide(chain);
      length = decided == chain.size() ? Math.min(2 * length, MOST) : Math.max(length / 2, 1);
      at += decided;
      progress.at(at, order.length);
    }
    return new Acdc.Found(circuit, EdgeScores.of(shape, scores), whole, Estimate.of(metric), runs);
  }

  /** Returns the edges from the logits backwards, of a target those of the last source first. */
  static int[] order(GraphShape shape) {
    return IntStream.iterate(shape.targets() - 1, target -> target >= 0, target -> target - 1)
        .flatMap(target ->
            IntStream.iterate(shape.reads(target) - 1, source -> source >= 0, source -> source - 1)
                .map(source -> shape.edge(source, target)))
        .toArray();
  }

  /** Returns the next edges, of which at most {@code length} need a run. */
  private List<Trial> chain(int[] order, int from, int length) {
    var chain = new ArrayList<Trial>();
    var left = circuit;
    int needed = 0;
    for (int i = from; i < order.length && chain.size() < LONGEST; i++) {
      boolean idle = isIdle(left, order[i]);
      needed += idle ? 0 : 1;
      if (needed > length) {
        break;
      }
      left = left.without(EdgeSet.of(shape, IntStream.of(order[i])));
      chain.add(new Trial(order[i], idle, left));
    }
    return chain;
  }

  /** Lets edges go up to the first that stays; returns how many are decided, with that one. */
  private int decide(List<Trial> chain) {
    double[][] without =
        metrics(chain.stream().filter(trial -> !trial.isIdle()).map(Trial::without).toList());
    int run = 0;
    for (int i = 0; i < chain.size(); i++) {
      var trial = chain.get(i);
      if (!trial.isIdle()) {
        double[] changed = without[run++];
        double before = mean(metric);
        double after = mean(changed);
        scores[trial.edge()] = before - after;
        if (harm.applyAsDouble(before, after) >= threshold) {
          return i + 1;
        }
        metric = changed;
      }
      circuit = trial.without();
    }
    return chain.size();
  }

  private double[][] metrics(List<EdgeSet> circuits) {
    if (circuits.isEmpty()) {
      return new double[0][];
    }
    runs += circuits.size();
    double[][] found = effects.of(circuits);
    for (double[] prompts : found) {
      if (!Double.isFinite(mean(prompts))) {
        throw new IllegalArgumentException(
            "the metric of a circuit is %s in the mean: ACDC compares numbers; choose another metric"
                .formatted(mean(prompts)));
      }
    }
    return found;
  }

  private static double mean(double... prompts) {
    return Arrays.stream(prompts).average().orElseThrow();
  }

  /** Tells whether the node that an edge goes into adds to nothing that is left. */
  private boolean isIdle(EdgeSet left, int edge) {
    int source =
        switch (shape.target(shape.targetOf(edge))) {
          case EdgeTarget.OfHead(var head, _) -> shape.number(CircuitNode.of(head));
          case EdgeTarget.OfMlp(var layer) -> shape.number(CircuitNode.mlp(layer));
          case EdgeTarget.Logits() -> -1;
        };
    if (source < 0) {
      return false;
    }
    // The edges out of a source have numbers that follow one another.
    int first = shape.edge(source, shape.firstTarget(source));
    int end = first + shape.targets() - shape.firstTarget(source);
    return IntStream.range(first, end).noneMatch(left::has);
  }
}
