package dev.loupe.study.circuits;

import dev.loupe.circuit.graph.EdgeScores;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.graph.NodeScores;
import dev.loupe.circuit.score.ScoreEstimates;
import dev.loupe.lens.Estimate;
import java.util.Optional;

/**
 * Scores of a model's edges and nodes.
 *
 * @param shape the graph
 * @param edges the scores of all edges; empty where nodes alone were scored
 * @param edgeEstimates the same with standard errors, where there are any
 * @param nodes the scores of all nodes
 * @param nodeEstimates the same with standard errors, where there are any
 * @param nodeMeaning what the score of a node is, in a few words
 * @param isSigned whether scores have the sign of the metric; without one they say how much passes
 */
public record CircuitScores(
    GraphShape shape,
    Optional<EdgeScores> edges,
    Optional<ScoreEstimates> edgeEstimates,
    NodeScores nodes,
    Optional<ScoreEstimates> nodeEstimates,
    String nodeMeaning,
    boolean isSigned) {
  /** Refuses scores of another graph. */
  public CircuitScores {
    edges.ifPresent(each -> shape.requireSame(each.shape()));
    shape.requireSame(nodes.shape());
  }

  /**
   * Returns the score of an edge by its number, with its standard error where that is known.
   *
   * @param prompts of how many prompts it is
   * @throws IllegalStateException if nodes alone were scored
   */
  public Estimate edge(int edge, int prompts) {
    var scores =
        edges.orElseThrow(() -> new IllegalStateException("edges were not scored, nodes were"));
    return estimate(edgeEstimates, edge, scores.score(edge), prompts);
  }

  /** Returns the score of a source by its number, with its standard error where that is known. */
  public Estimate node(int source, int prompts) {
    return estimate(nodeEstimates, source, nodes.score(source), prompts);
  }

  private static Estimate estimate(
      Optional<ScoreEstimates> estimates, int number, double score, int prompts) {
    return estimates
        .map(found -> found.get(number))
        .orElseGet(() -> new Estimate(score, Double.NaN, prompts));
  }
}
