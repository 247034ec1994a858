package dev.loupe.circuit.graph;

import java.util.Arrays;

/**
 * A score of every edge. Its sign is the metric's: positive where the edge, carrying what it
 * carries in the clean run and not in the corrupted one, raises the metric.
 */
public final class EdgeScores {
  private final GraphShape shape;
  private final double[] values;

  private EdgeScores(GraphShape shape, double[] values) {
    this.shape = shape;
    this.values = values;
  }

  /**
   * Returns scores.
   *
   * @param values by the numbers of the edges
   * @throws IllegalArgumentException if there is not one an edge, or one is not a number
   */
  public static EdgeScores of(GraphShape shape, double[] values) {
    return new EdgeScores(shape, CheckedScores.of(values, shape.edges(), "edges", shape::edge));
  }

  /** Returns the graph that is scored. */
  public GraphShape shape() {
    return shape;
  }

  /** Returns the score of an edge. */
  public double score(int edge) {
    return values[edge];
  }

  /** Returns the scores by the numbers of the edges. */
  public double[] values() {
    return values.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof EdgeScores scores
        && scores.shape.equals(shape)
        && Arrays.equals(scores.values, values);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(values);
  }

  @Override
  public String toString() {
    return values.length + " scores of edges";
  }
}
