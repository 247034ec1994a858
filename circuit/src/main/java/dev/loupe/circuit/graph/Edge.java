package dev.loupe.circuit.graph;

import dev.loupe.circuit.CircuitNode;

/**
 * What one node adds to what another reads: {@code a0.h1->a9.h6<k>}.
 *
 * @param source who writes
 * @param target who reads
 */
public record Edge(CircuitNode source, EdgeTarget target) {
  private static final String ARROW = "->";

  /**
   * Reads {@code a0.h1->a9.h6<k>}: the reverse of {@code toString}.
   *
   * @throws IllegalArgumentException if the text is no edge
   */
  public static Edge parse(String text) {
    int at = text.indexOf(ARROW);
    if (at < 0) {
      throw new IllegalArgumentException(
          "edge \"" + text + "\": expected a form such as a0.h1->a9.h6<k>");
    }
    return new Edge(
        CircuitNode.parse(text.substring(0, at)),
        EdgeTarget.parse(text.substring(at + ARROW.length())));
  }

  @Override
  public String toString() {
    return source + ARROW + target;
  }
}
