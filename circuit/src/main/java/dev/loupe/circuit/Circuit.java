package dev.loupe.circuit;

import dev.loupe.lens.Head;
import dev.loupe.model.ModelConfig;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The parts of a model that are said to carry a behaviour.
 *
 * @param nodes each once, in the order of {@link CircuitNode}
 * @param metadata what its file says of it, by name: texts, numbers, truth values, and lists and
 *     maps of these; may be empty
 */
public record Circuit(List<CircuitNode> nodes, Map<String, Object> metadata) {
  /** Sorts the nodes and copies the metadata, order kept; refuses a node that is there twice. */
  public Circuit {
    nodes = nodes.stream().sorted().toList();
    for (int i = 1; i < nodes.size(); i++) {
      if (nodes.get(i).equals(nodes.get(i - 1))) {
        throw new IllegalArgumentException(
            "node " + nodes.get(i) + " is in the circuit twice: expected each once");
      }
    }
    metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
  }

  /** Makes one of which nothing else is said. */
  public Circuit(Collection<CircuitNode> nodes) {
    this(List.copyOf(nodes), Map.of());
  }

  /** Returns this circuit with other metadata. */
  public Circuit withMetadata(Map<String, Object> newMetadata) {
    return new Circuit(nodes, newMetadata);
  }

  /** Tells whether a node is in it. */
  public boolean has(CircuitNode node) {
    return Collections.binarySearch(nodes, node) >= 0;
  }

  /** Returns its heads, in order. */
  public List<Head> heads() {
    return nodes.stream()
        .filter(CircuitNode.OfHead.class::isInstance)
        .map(node -> ((CircuitNode.OfHead) node).head())
        .toList();
  }

  /** Returns the layers of its MLPs, in order. */
  public List<Integer> mlps() {
    return nodes.stream()
        .filter(CircuitNode.OfMlp.class::isInstance)
        .map(CircuitNode::layer)
        .toList();
  }

  /**
   * Checks that a model has all of its nodes.
   *
   * @throws IllegalArgumentException naming the node and what the model has
   */
  public Circuit requireIn(ModelConfig config) {
    nodes.forEach(node -> node.requireIn(config));
    return this;
  }

  /**
   * Checks that it writes no more than a budget allows.
   *
   * @throws IllegalArgumentException naming the node at which it is passed, in order
   */
  public Circuit requireWithin(WriteCosts costs, int budget) {
    int used = 0;
    for (var node : nodes) {
      used += costs.of(node);
      if (used > budget) {
        throw new IllegalArgumentException(
            "node %s: with it the circuit writes %d of a budget of %d"
                .formatted(node, used, budget));
      }
    }
    return this;
  }
}
