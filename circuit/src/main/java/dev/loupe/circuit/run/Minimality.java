package dev.loupe.circuit.run;

import dev.loupe.lens.Estimate;
import java.util.List;

/**
 * What each part of a circuit is needed for: how much is lost where it alone is taken out.
 *
 * @param parts in the order of the graph
 * @param measured by what
 */
public record Minimality(List<Part> parts, Measured measured) {
  /** Copies the list. */
  public Minimality {
    parts = List.copyOf(parts);
  }

  /**
   * A part of a circuit.
   *
   * @param name of the edge or node
   * @param metric m(circuit) - m(circuit without it)
   * @param share the same as a share of m(full) - m(empty)
   */
  public record Part(String name, Estimate metric, Estimate share) {}
}
