package dev.loupe.circuit;

import dev.loupe.lens.Estimate;

/**
 * A node that may be taken into a circuit.
 *
 * @param node the node
 * @param reason why, such as the class of a head
 * @param score what it is ranked by; none where it is not
 */
public record Candidate(CircuitNode node, String reason, Estimate score) {
  /** Makes one that is not ranked. */
  public Candidate(CircuitNode node, String reason) {
    this(node, reason, Estimate.none());
  }
}
