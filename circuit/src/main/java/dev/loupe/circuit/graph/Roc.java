package dev.loupe.circuit.graph;

import dev.loupe.circuit.CircuitNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * How well scores tell what is in a reference from what is not: the receiver operating
 * characteristic. Each threshold takes what scores as much or more.
 *
 * @param positives how many are in the reference
 * @param negatives how many are not
 * @param points by falling threshold, from nothing taken to everything; things of equal score are
 *     taken together
 */
public record Roc(int positives, int negatives, List<Point> points) {
  /**
   * What one threshold takes.
   *
   * @param threshold the lowest score taken; infinite where nothing is
   * @param truePositives how many of the reference
   * @param falsePositives how many others
   */
  public record Point(double threshold, int truePositives, int falsePositives) {
    /** Returns the share of what is taken that is in the reference; NaN where nothing is taken. */
    public double precision() {
      int taken = truePositives + falsePositives;
      return taken == 0 ? Double.NaN : (double) truePositives / taken;
    }
  }

  /** Copies the list; refuses a reference that takes everything or nothing. */
  public Roc {
    if (positives < 1 || negatives < 1) {
      throw new IllegalArgumentException(
          "a reference that has %d and lacks %d of what is scored: a ROC curve needs both"
              .formatted(positives, negatives));
    }
    points = List.copyOf(points);
  }

  /**
   * Returns the curve of scores, the highest first.
   *
   * @param positive tells which places are in the reference
   * @throws IllegalArgumentException if a score is not a number, or the reference takes everything
   *     or nothing
   */
  public static Roc of(double[] scores, IntPredicate positive) {
    for (double score : scores) {
      if (Double.isNaN(score)) {
        throw new IllegalArgumentException("a score is NaN: expected a number");
      }
    }
    var points = new ArrayList<Point>();
    points.add(new Point(Double.POSITIVE_INFINITY, 0, 0));
    int hits = 0;
    int[] order = Ranking.SIGNED.order(scores);
    for (int i = 0; i < order.length; i++) {
      if (positive.test(order[i])) {
        hits++;
      }
      boolean last = i + 1 == order.length || scores[order[i + 1]] != scores[order[i]];
      if (last) {
        points.add(new Point(scores[order[i]], hits, i + 1 - hits));
      }
    }
    return new Roc(hits, scores.length - hits, points);
  }

  /**
   * Returns the curve of the scores of all edges.
   *
   * @param reference the edges to be found
   * @throws IllegalArgumentException if it is of another shape, or of all edges or none
   */
  public static Roc of(EdgeScores scores, EdgeSet reference, Ranking ranking) {
    scores.shape().requireSame(reference.shape());
    return of(ranking.of(scores.values()), reference::has);
  }

  /**
   * Returns the curve of the scores of some nodes: a reference of heads says nothing of MLPs, so
   * that only heads are to be told apart by it.
   *
   * @param among the nodes that are told apart, each once
   * @param reference those of them to be found
   * @throws IllegalArgumentException if the model lacks a node, one of the reference is not among
   *     the nodes, or it has all of them or none
   */
  public static Roc of(
      NodeScores scores,
      List<CircuitNode> among,
      Collection<CircuitNode> reference,
      Ranking ranking) {
    var wanted = new HashSet<>(reference);
    var known = new HashSet<>(among);
    for (var node : reference) {
      if (!known.contains(node)) {
        throw new IllegalArgumentException(
            "node "
                + node
                + " of the reference is not among the "
                + among.size()
                + " nodes that are ranked");
      }
    }
    double[] ranked = among.stream().mapToDouble(node -> ranking.of(scores.score(node))).toArray();
    return of(ranked, i -> wanted.contains(among.get(i)));
  }

  /** Returns the share of the reference that a threshold takes. */
  public double truePositiveRate(Point point) {
    return (double) point.truePositives() / positives;
  }

  /** Returns the share of what is not in the reference that a threshold takes. */
  public double falsePositiveRate(Point point) {
    return (double) point.falsePositives() / negatives;
  }

  /**
   * Returns the area under the curve, with a straight line between points: the chance that one of
   * the reference scores more than one outside, where of equal scores half count.
   */
  public double auc() {
    long twice = 0;
    for (int i = 1; i < points.size(); i++) {
      var before = points.get(i - 1);
      var point = points.get(i);
      twice +=
          (0L + point.falsePositives() - before.falsePositives())
              * (0L + point.truePositives() + before.truePositives());
    }
    return twice / 2.0 / positives / negatives;
  }
}
