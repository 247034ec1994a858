package dev.loupe.circuit.graph;

import dev.loupe.circuit.Circuit;
import java.util.Optional;

/**
 * A model's graph with scores and a circuit in it: what the field's files hold.
 *
 * @param scores of all edges
 * @param edges those of the circuit
 * @param nodes those of the circuit, the logits aside, and what else is said of it; a file may name
 *     others than its edges begin and end at
 * @param nodeScores of all nodes, where they are scored too
 */
public record ScoredGraph(
    EdgeScores scores, EdgeSet edges, Circuit nodes, Optional<NodeScores> nodeScores) {
  /** Refuses parts of models of different shapes. */
  public ScoredGraph {
    var shape = scores.shape();
    shape.requireSame(edges.shape());
    nodeScores.ifPresent(each -> shape.requireSame(each.shape()));
    nodes.nodes().forEach(shape::number);
  }

  /** Makes one whose nodes are those that its edges begin and end at. */
  public ScoredGraph(EdgeScores scores, EdgeSet edges) {
    this(scores, edges, edges.nodes(), Optional.empty());
  }

  /** Returns the graph. */
  public GraphShape shape() {
    return scores.shape();
  }
}
