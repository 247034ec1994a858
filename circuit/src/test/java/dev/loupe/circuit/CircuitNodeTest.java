package dev.loupe.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loupe.model.RandomModels;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CircuitNodeTest {
  @ParameterizedTest
  @ValueSource(strings = {"input", "a0.h0", "a11.h10", "m0", "m31"})
  void readsWhatItWrites(String name) {
    assertThat(CircuitNode.parse(name)).hasToString(name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "a1h2", "a01.h2", "a1.h-2", "m", "m1.h2", " m1", "logits", "m99999999999"})
  void namesTheTextThatIsNoNode(String text) {
    assertThatThrownBy(() -> CircuitNode.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "node \"" + text + "\": expected input, a head such as a9.h6, or an MLP such as m3");
  }

  @Test
  void comeInTheOrderOfPublishedLists() {
    var sorted =
        Stream.of("m1", "a10.h0", "m0", "a1.h11", "a1.h2", "input", "a0.h3")
            .map(CircuitNode::parse)
            .sorted()
            .map(CircuitNode::toString);
    assertThat(sorted).containsExactly("input", "a0.h3", "m0", "a1.h2", "a1.h11", "m1", "a10.h0");
    assertThat(CircuitNode.all(RandomModels.family("gpt2")))
        .hasSize(1 + 3 * 5)
        .isSorted()
        .startsWith(CircuitNode.input(), CircuitNode.parse("a0.h0"))
        .endsWith(CircuitNode.parse("a2.h3"), CircuitNode.mlp(2));
  }

  @Test
  void circuitsAreSortedAndValidated() {
    var config = RandomModels.family("llama");
    var circuit = circuit("m2", "a0.h1", "input", "a0.h0");
    assertThat(circuit.nodes()).isSorted();
    assertThat(circuit.has(CircuitNode.mlp(2))).isTrue();
    assertThat(circuit.has(CircuitNode.mlp(1))).isFalse();
    assertThat(circuit.requireIn(config)).isEqualTo(circuit);
    assertThatThrownBy(() -> circuit("m3").requireIn(config))
        .hasMessage("node m3: this model has m0 to m2");
    assertThatThrownBy(() -> circuit("a1.h4").requireIn(config))
        .hasMessage("node a1.h4: this model has a0.h0 to a2.h3");
    assertThatThrownBy(() -> circuit("m1", "input", "m1"))
        .hasMessageContaining("node m1 is in the circuit twice");
    var costs = new WriteCosts(6, 10, 10);
    assertThat(circuit.requireWithin(costs, 32)).isEqualTo(circuit);
    assertThatThrownBy(() -> circuit.requireWithin(costs, 31))
        .hasMessage("node m2: with it the circuit writes 32 of a budget of 31");
  }

  static Circuit circuit(String... names) {
    return new Circuit(nodes(names));
  }

  static List<CircuitNode> nodes(String... names) {
    return Stream.of(names).map(CircuitNode::parse).toList();
  }
}
