package dev.loupe.circuit;

import java.util.List;

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
}
