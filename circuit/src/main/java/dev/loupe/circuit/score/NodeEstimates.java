package dev.loupe.circuit.score;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.lens.Estimate;

/**
 * Scores of every source, and how sure they are. Their sign is that of {@link
 * dev.loupe.circuit.graph.EdgeScores}: positive where the node, writing what it writes in the clean
 * run and not what it writes corrupted, raises the metric.
 *
 * @param by how they were found
 * @param shape of the model's graph
 * @param estimates by the numbers of the sources
 */
public record NodeEstimates(GraphAttribution by, GraphShape shape, ScoreEstimates estimates) {
  /**
   * Refuses scores that are no numbers.
   *
   * @throws IllegalArgumentException naming the node
   */
  public NodeEstimates {
    if (estimates.size() != shape.sources()) {
      throw new IllegalArgumentException(
          estimates.size() + " scores of " + shape.sources() + " nodes: expected as many of both");
    }
    for (int source = 0; source < shape.sources(); source++) {
      double mean = estimates.get(source).mean();
      if (!Double.isFinite(mean)) {
        throw new IllegalArgumentException(
            "the score of " + shape.source(source) + " is " + mean + ": expected a number");
      }
    }
  }

  /**
   * Returns the score of a node.
   *
   * @throws IllegalArgumentException if the model lacks it
   */
  public Estimate of(CircuitNode node) {
    return estimates.get(shape.number(node));
  }
}
