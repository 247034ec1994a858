package dev.loupe.circuit.score;

import dev.loupe.circuit.graph.Edge;
import dev.loupe.circuit.graph.EdgeScores;
import dev.loupe.lens.Estimate;

/**
 * Scores of every edge, and how sure they are.
 *
 * @param by how they were found
 * @param scores the means over prompts
 * @param estimates the same with their standard errors
 */
public record EdgeEstimates(GraphAttribution by, EdgeScores scores, ScoreEstimates estimates) {
  /**
   * Returns the score of an edge.
   *
   * @throws IllegalArgumentException if the model lacks it
   */
  public Estimate of(Edge edge) {
    return estimates.get(scores.shape().number(edge));
  }
}
