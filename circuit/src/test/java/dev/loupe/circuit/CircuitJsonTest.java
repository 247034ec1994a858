package dev.loupe.circuit;

import static dev.loupe.circuit.CircuitNodeTest.circuit;
import static dev.loupe.circuit.CircuitNodeTest.nodes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.lens.Estimate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

class CircuitJsonTest {
  @TempDir private Path folder = Path.of("");

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("circuit.json"), text);
  }

  @Test
  void readsWhatItWrites() throws IOException {
    var plain = circuit("input", "a0.h1", "m2");
    var file = Files.write(folder.resolve("plain.json"), CircuitJson.bytes(plain, Map.of()));
    assertThat(JsonMapper.shared().readTree(Files.readString(file)))
        .hasToString("{\"nodes\":[\"input\",\"a0.h1\",\"m2\"]}");
    assertThat(CircuitJson.read(file)).isEqualTo(plain);

    var told = plain.withMetadata(Map.of("task", "sarcasm", "write_budget_used", 11200));
    Files.write(file, CircuitJson.bytes(told, Map.of("timestamp", "2026-01-02T03:04:05Z")));
    assertThat(CircuitJson.read(file).nodes()).isEqualTo(plain.nodes());
    assertThat(CircuitJson.read(file).metadata())
        .containsOnly(
            Map.entry("task", "sarcasm"),
            Map.entry("write_budget_used", 11200),
            Map.entry("timestamp", "2026-01-02T03:04:05Z"));
  }

  @Test
  void takesMetadataBesideTheNodes() throws IOException {
    var file =
        file("{\"nodes\": [\"m1\", \"input\"], \"task\": \"ioi\", \"metadata\": {\"n\": [1]}}");
    assertThat(CircuitJson.read(file).metadata())
        .containsOnly(Map.entry("task", "ioi"), Map.entry("n", List.of(1)));
    assertThat(CircuitJson.read(file).nodes()).isEqualTo(nodes("input", "m1"));
    assertThat(CircuitJson.readNodes(file)).isEqualTo(nodes("m1", "input"));
  }

  @Test
  void namesFileAndNode() throws IOException {
    assertWrong("{\"nodes\": [\"m1\", \"b2\"]}", "node 2: node \"b2\": expected input");
    assertWrong("{\"nodes\": [\"m1\", 7]}", "node 2: 7 is no text");
    assertWrong("{\"nodes\": [\"m1\", \"m0\", \"m1\"]}", "node 3: m1 is there already, as node 1");
    assertWrong("{\"nodes\": \"m1\"}", "is not a circuit: expected {\"nodes\"");
    assertWrong("[\"m1\"]", "is not a circuit: expected {\"nodes\"");
    assertWrong("{\"nodes\": [", "is not a circuit: not JSON");
    assertThatThrownBy(() -> CircuitJson.read(folder.resolve("none.json")))
        .hasMessageContaining("none.json: no such file");
  }

  private void assertWrong(String text, String message) throws IOException {
    var file = file(text);
    assertThatThrownBy(() -> CircuitJson.read(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining(message);
  }

  @Test
  void comparesWithAnEarlierCircuit() {
    var rank = new CircuitComparison.Rank(Estimate.of(2.5), 3, 12);
    var found =
        CircuitComparison.of(
            nodes("input", "a0.h1", "m0", "m1"),
            nodes("m1", "input", "a0.h1", "a2.h2", "a1.h3"),
            Map.of(CircuitNode.parse("a2.h2"), rank));
    assertThat(found.matching()).isEqualTo(nodes("input", "a0.h1", "m1"));
    assertThat(found.onlyHere())
        .containsExactly(new CircuitComparison.Mismatch(CircuitNode.mlp(0), Optional.empty()));
    assertThat(found.onlyThere())
        .containsExactly(
            new CircuitComparison.Mismatch(CircuitNode.parse("a1.h3"), Optional.empty()),
            new CircuitComparison.Mismatch(CircuitNode.parse("a2.h2"), Optional.of(rank)));
    assertThat(found.moved())
        .containsExactly(
            new CircuitComparison.Moved(CircuitNode.input(), 1, 2),
            new CircuitComparison.Moved(CircuitNode.parse("a0.h1"), 2, 3),
            new CircuitComparison.Moved(CircuitNode.mlp(1), 3, 1));
    assertThat(found.jaccard()).isCloseTo(.5, within(1e-12));
    assertThat(found.precision()).isCloseTo(.75, within(1e-12));
    assertThat(found.recall()).isCloseTo(.6, within(1e-12));
    assertThat(CircuitComparison.of(List.of(), List.of(), Map.of()).jaccard()).isNaN();
  }
}
