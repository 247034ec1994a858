package dev.loupe.report.study;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.lens.Head;

/** Name heads as circuits do. */
final class HeadIds {
  private HeadIds() {}

  static String of(Head head) {
    return new CircuitNode.OfHead(head).toString();
  }
}
