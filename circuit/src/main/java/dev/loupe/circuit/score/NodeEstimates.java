package dev.loupe.circuit.score;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.graph.NodeScores;
import dev.loupe.lens.Estimate;

/**
 * Scores of every node, and how sure they are.
 *
 * @param by how they were found
 * @param scores the means over prompts
 * @param estimates the same with their standard errors
 */
public record NodeEstimates(GraphAttribution by, NodeScores scores, ScoreEstimates estimates) {
  /**
   * Returns the score of a node.
   *
   * @throws IllegalArgumentException if the model lacks it
   */
  public Estimate of(CircuitNode node) {
    return estimates.get(scores.shape().number(node));
  }
}
