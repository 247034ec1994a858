package dev.loupe.report;

import static dev.loupe.report.SampleCircuits.edge;
import static dev.loupe.report.SampleCircuits.head;
import static dev.loupe.report.SampleCircuits.input;
import static dev.loupe.report.SampleCircuits.logits;
import static dev.loupe.report.SampleCircuits.mlp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.loupe.report.CircuitGraph.Edge;
import dev.loupe.report.CircuitGraph.Kind;
import dev.loupe.report.CircuitGraph.Node;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CircuitGraphTest {
  private static final List<Node> NODES =
      List.of(input(), head(0, 1, "early"), mlp(0, ""), head(1, 0, ""), mlp(1, ""), logits(2));

  private static CircuitGraph with(Edge... edges) {
    return new CircuitGraph("t", 2, NODES, List.of(edges));
  }

  private static void refused(List<Node> nodes, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new CircuitGraph("t", 2, nodes, List.of()))
        .withMessageContaining(message);
  }

  @Test
  void nodesAreInTheModelAndGivenOnce() {
    refused(List.of(), "none given");
    refused(List.of(head(0, 1, ""), head(0, 1, "x")), "'a0.h1' is given twice");
    refused(List.of(head(2, 1, "")), "'a2.h1' (head) is in layer 2, expected 0 to 1");
    refused(List.of(mlp(-1, "")), "expected 0 to 1");
    refused(
        List.of(new Node("input", 0, Kind.INPUT, "", "")), "(input) is in layer 0, expected -1");
    refused(List.of(logits(1)), "(logits) is in layer 1, expected 2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new CircuitGraph("t", 0, List.of(input()), List.of()))
        .withMessageContaining("0 layers");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "input a0.h1",
        "input logits",
        "a0.h1 m0",
        "a0.h1 a1.h0",
        "m0 a1.h0",
        "m0 m1",
        "m1 logits"
      })
  void edgesLeadUpwardOnly(String ends) {
    String[] names = ends.split(" ", -1);
    assertThat(with(edge(names[0], names[1], 1)).edges()).hasSize(1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> with(edge(names[1], names[0], 1)))
        .withMessageContaining("does not lead upward");
  }

  @Test
  void edgesJoinKnownNodesWithFiniteWeights() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> with(edge("a9.h9", "logits", 1)))
        .withMessageContaining("'a9.h9' -> 'logits' begins at a node that is not in the graph");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> with(edge("m0", "nowhere", 1)))
        .withMessageContaining("ends at a node");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> with(edge("m0", "m0", 1)))
        .withMessageContaining("does not lead upward");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> with(edge("m0", "m1", Double.NaN)))
        .withMessageContaining("weight NaN, expected a finite number");
  }

  @Test
  void dotIsWrittenInOneWay() {
    CircuitGraph graph = with(edge("a0.h1", "m0", .25), edge("m0", "logits", -.5));
    assertThat(graph.dot())
        .isEqualTo(
            """
            digraph "t" {
              graph [rankdir=BT, labelloc=t, fontname="Helvetica", label="t"];
              node [fontname="Helvetica", fontsize=11, penwidth=1.5];
              edge [fontname="Helvetica", fontsize=9];
              "input" [shape=octagon, color="#5c6672", label="input", tooltip="token and position embeddings"];
              "a0.h1" [shape=ellipse, color="#1e48a3", label="a0.h1\\nearly", tooltip="head"];
              "m0" [shape=box, color="#5c6672", label="m0", tooltip="MLP"];
              "a1.h0" [shape=ellipse, color="#5c6672", label="a1.h0", tooltip="head"];
              "m1" [shape=box, color="#5c6672", label="m1", tooltip="MLP"];
              "logits" [shape=octagon, color="#5c6672", label="logits", tooltip="logits"];
              { rank=same; "a0.h1"; }
              { rank=same; "a1.h0"; }
              "m0" -> "logits" [penwidth=5.00, color="#d9614f", style=dashed, label="-0.50", tooltip="-0.50"];
              "a0.h1" -> "m0" [penwidth=3.00, color="#4f93c6", style=solid, label="+0.25", tooltip="+0.25"];
            }
            """);
  }

  @Test
  void dotIsEscaped() {
    Node odd = new Node("a\"\\", 0, Kind.HEAD, "\"]; x [", "back\\slash\n\"end\"");
    assertThat(new CircuitGraph("\"t\"", 1, List.of(odd), List.of()).dot())
        .startsWith("digraph \"\\\"t\\\"\" {\n")
        .contains(
            "\"a\\\"\\\\\" [shape=ellipse, color=\"#1e48a3\", label=\"a\\\"\\\\\\n\\\"]; x [\","
                + " tooltip=\"back\\\\slash\\n\\\"end\\\"\"];");
  }

  @Test
  void lettersGoOnAfterZ() {
    assertThat(IntStream.of(0, 25, 26, 51, 52, 701, 702).mapToObj(CircuitGraph::letter))
        .containsExactly("A", "Z", "AA", "AZ", "BA", "ZZ", "AAA");
  }
}
