package dev.loupe.circuit;

import java.util.List;
import java.util.Map;

/**
 * The parts of a model that are said to carry a behaviour.
 *
 * @param nodes each once
 */
public record Circuit(List<CircuitNode> nodes) {
  /** Copies the list. */
  public Circuit {
    nodes = List.copyOf(nodes);
  }

  /** Returns what is written beside the nodes. */
  public Map<String, Object> metadata() {
    return Map.of();
  }
}
