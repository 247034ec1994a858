package dev.loupe.circuit.graph;

import dev.loupe.circuit.CircuitNode;
import java.util.Arrays;
import java.util.List;

/**
 * A score of every source. Its sign is the metric's: positive where the node, writing what it
 * writes in the clean run and not in the corrupted one, raises the metric.
 */
public final class NodeScores {
  private final GraphShape shape;
  private final double[] values;

  private NodeScores(GraphShape shape, double[] values) {
    this.shape = shape;
    this.values = values;
  }

  /**
   * Returns scores.
   *
   * @param values by the numbers of the sources
   * @throws IllegalArgumentException if there is not one a source, or one is not a number
   */
  public static NodeScores of(GraphShape shape, double[] values) {
    return new NodeScores(shape, CheckedScores.of(values, shape.sources(), "nodes", shape::source));
  }

  /**
   * Returns the sum of the scores of the edges that leave each node. Signed, and of edge
   * attribution patching, it is the attribution of the node itself, as the gradient by what a node
   * writes is the sum of those by what reads it. Of absolute scores effects that cancel add up.
   */
  public static NodeScores leaving(EdgeScores edges, Ranking ranking) {
    var shape = edges.shape();
    var sums = new double[shape.sources()];
    for (int source = 0, edge = 0; source < sums.length; source++) {
      for (int target = shape.firstTarget(source); target < shape.targets(); target++, edge++) {
        sums[source] += ranking.of(edges.score(edge));
      }
    }
    return of(shape, sums);
  }

  /** Returns the graph that is scored. */
  public GraphShape shape() {
    return shape;
  }

  /** Returns the score of a source. */
  public double score(int source) {
    return values[source];
  }

  /**
   * Returns the score of a node.
   *
   * @throws IllegalArgumentException if the model lacks it
   */
  public double score(CircuitNode node) {
    return values[shape.number(node)];
  }

  /** Returns the scores by the numbers of the sources. */
  public double[] values() {
    return values.clone();
  }

  /** Returns the nodes, the best first; of equal ones the one that comes first in the model. */
  public List<CircuitNode> ranked(Ranking ranking) {
    return Arrays.stream(ranking.order(values)).mapToObj(shape::source).toList();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NodeScores scores
        && scores.shape.equals(shape)
        && Arrays.equals(scores.values, values);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(values);
  }

  @Override
  public String toString() {
    return values.length + " scores of nodes";
  }
}
