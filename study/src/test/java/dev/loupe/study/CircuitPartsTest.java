package dev.loupe.study;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loupe.circuit.CircuitComparison;
import dev.loupe.circuit.CircuitNode;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What studies write of circuits. */
class CircuitPartsTest {
  /** A result must be the same file when it is made again, by another process too. */
  @Test
  void theFieldsOfAComparisonHaveAnOrder() {
    var here = List.of(CircuitNode.mlp(0), CircuitNode.mlp(1));
    var json = CircuitParts.json(CircuitComparison.of(here, here.reversed(), Map.of()));
    assertThat(json.get("order_differences"))
        .hasToString(
            "[{node=m0, place_here=1, place_there=2}, {node=m1, place_here=2, place_there=1}]");
  }
}
