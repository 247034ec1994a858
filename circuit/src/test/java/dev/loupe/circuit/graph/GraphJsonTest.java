package dev.loupe.circuit.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.circuit.Circuit;
import dev.loupe.circuit.CircuitJson;
import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.ReferenceCircuit;
import dev.loupe.tensor.Shared;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GraphJsonTest {
  private static final GraphShape SHAPE = new GraphShape(1, 1, false, 4);
  private static final String CONFIG =
      "{\"n_layers\": 1, \"n_heads\": 1, \"parallel_attn_mlp\": false, \"d_model\": 4}";

  @TempDir private Path folder = Path.of("");

  private static Path published() {
    return Shared.path("reference/gpt2-ioi-eap-ig-graph.json");
  }

  @Test
  void thePublishedGraphIsWrittenAgainToTheByte() throws IOException {
    var graph = GraphJson.read(published());
    assertThat(graph.shape()).isEqualTo(new GraphShape(12, 12, false, 768));
    assertThat(graph.edges().size()).isEqualTo(756);
    assertThat(graph.nodes().nodes()).hasSize(80).isEqualTo(graph.edges().nodes().nodes());
    var written = new String(GraphJson.bytes(graph, Map.of()), StandardCharsets.UTF_8);
    var expected = Files.readString(published());
    assertThat(written.split("}, ", -1)).isEqualTo(expected.split("}, ", -1));
    assertThat(written.equals(expected)).isTrue();
  }

  @Test
  void edgesOfParallelBlocksFollowEachOtherAsThePublishedToolsListThem() {
    var shape = new GraphShape(2, 1, true, 4);
    var graph =
        new ScoredGraph(EdgeScores.of(shape, new double[shape.edges()]), EdgeSet.none(shape));
    var text = new String(GraphJson.bytes(graph, Map.of()), StandardCharsets.UTF_8);
    assertThat(Pattern.compile("\"([^\"]+->[^\"]+)\"").matcher(text).results().map(r -> r.group(1)))
        .containsExactly(
            "input->a0.h0<q>",
            "input->a0.h0<k>",
            "input->a0.h0<v>",
            "input->m0",
            "input->a1.h0<q>",
            "input->a1.h0<k>",
            "input->a1.h0<v>",
            "input->m1",
            "a0.h0->a1.h0<q>",
            "a0.h0->a1.h0<k>",
            "a0.h0->a1.h0<v>",
            "a0.h0->m1",
            "m0->a1.h0<q>",
            "m0->a1.h0<k>",
            "m0->a1.h0<v>",
            "m0->m1",
            "input->logits",
            "a0.h0->logits",
            "m0->logits",
            "a1.h0->logits",
            "m1->logits");
  }

  @Test
  void thePublishedCircuitIsTheBestEdgesWithoutThoseThatHang() {
    var graph = GraphJson.read(published());
    var best = new Selection.TopEdges(800, Ranking.ABSOLUTE).of(graph.scores());
    assertThat(Pruning.of(best)).isEqualTo(graph.edges());
  }

  @Test
  void thePublishedScoresFindTheHeadsOfThePaper() {
    var graph = GraphJson.read(published());
    var shape = graph.shape();
    var heads =
        IntStream.range(0, shape.sources())
            .mapToObj(shape::source)
            .filter(CircuitNode.OfHead.class::isInstance)
            .toList();
    var paper = ReferenceCircuit.ioi().circuit().nodes();
    var scores = NodeScores.leaving(graph.scores(), Ranking.ABSOLUTE);
    double slow = 0;
    for (var in : paper) {
      for (var out : heads) {
        if (!paper.contains(out)) {
          slow += scores.score(in) > scores.score(out) ? 1 : 0;
        }
      }
    }
    assertThat(Roc.of(scores, heads, paper, Ranking.ABSOLUTE).auc())
        .isCloseTo(slow / (26 * 118), within(1e-12))
        .isGreaterThan(.8);
  }

  @Test
  void readsWhatItWrites() throws IOException {
    var random = new Random(3);
    for (int i = 0; i < 20; i++) {
      var shape = RandomGraphs.shape(random);
      var scores =
          EdgeScores.of(
              shape,
              random
                  .doubles(shape.edges())
                  .map(d -> Math.scalb(d - .5, random.nextInt(1500) - 750))
                  .toArray());
      var edges = RandomGraphs.edges(shape, random);
      var nodes =
          i % 2 == 0
              ? Optional.<NodeScores>empty()
              : Optional.of(NodeScores.of(shape, RandomGraphs.values(shape.sources(), random)));
      var circuit =
          new Circuit(List.of(shape.source(0), shape.source(2)), Map.of("method", "drawn"));
      var graph = new ScoredGraph(scores, edges, circuit, nodes);
      var file = Files.write(folder.resolve("graph.json"), GraphJson.bytes(graph, Map.of()));
      assertThat(GraphJson.read(file)).isEqualTo(graph);
      assertThat(GraphJson.readCircuit(file)).isEqualTo(circuit);
    }
    var list = new Circuit(List.of(CircuitNode.input()));
    var file = Files.write(folder.resolve("list.json"), CircuitJson.bytes(list, Map.of()));
    assertThat(GraphJson.readCircuit(file)).isEqualTo(list);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0.0",
    "-0.0, -0.0",
    "1, 1.0",
    "-12.5, -12.5",
    "1e15, 1000000000000000.0",
    "1e16, 1e+16",
    "1.5e300, 1.5e+300",
    "1e-4, 0.0001",
    "0.00012, 0.00012",
    "9.9e-5, 9.9e-05",
    "-3.661245955299819e-06, -3.661245955299819e-06",
    "2e-100, 2e-100",
    "123456789.125, 123456789.125"
  })
  void numbersAreWrittenAsPythonDoes(double number, String text) {
    assertThat(PythonNumbers.text(number)).isEqualTo(text);
  }

  @Test
  void namesWhatIsWrong() throws IOException {
    assertWrong("\"input->m0\"", "\"input->m1\"", "node m1: this model has m0 to m0");
    assertWrong("\"input->m0\"", "\"m0->m0\"", "edge m0->m0: a model has no such edge");
    assertWrong("\"input->m0\"", "\"input-m0\"", "edge \"input-m0\": expected a form");
    assertWrong(
        ", \"m0->logits\": {\"score\": 0.0, \"in_graph\": false}",
        "",
        "edge m0->logits is missing");
    assertWrong("{\"score\": 7.0, ", "{\"score\": NaN, ", "edge input->m0: the score is \"NaN\"");
    assertWrong("{\"score\": 7.0, ", "{\"score\": 1e999, ", "edge input->m0: the score is");
    assertWrong("{\"score\": 7.0, ", "{\"score\": \"7\", ", "edge input->m0: the score is \"7\"");
    assertWrong("{\"score\": 7.0, ", "{", "edge input->m0: the score is missing");
    assertWrong("7.0, \"in_graph\": true", "7.0, \"in_graph\": 1", "edge input->m0: in_graph is 1");
    assertWrong("\"a0.h0\": {\"in_graph\": true}, ", "", "node a0.h0 is missing");
    assertWrong(
        "\"a0.h0\": {\"in_graph\": true}, ", "\"a0.h0\": {}, ", "node a0.h0: in_graph is missing");
    assertWrong("\"a0.h0\": ", "\"a0.h1\": ", "node a0.h1: this model has a0.h0 to a0.h0");
    assertWrong("\"a0.h0\": {", "\"a0.h0\": {\"score\": 1.0, ", "node m0 has no score");
    assertWrong(
        "\"a0.h0\": {",
        "\"a0.h0\": {\"neurons\": [true, false, true, true], ",
        "node a0.h0 is there in part");
    assertWrong(
        "\"logits\": {\"in_graph\": true}", "\"logits\": {\"in_graph\": false}", "node logits");
    assertWrong("\"n_layers\": 1", "\"n_layers\": 0", "cfg: n_layers is 0: expected");
    assertWrong("\"n_heads\": 1", "\"n_heads\": 30000", "node a0.h1 is missing");
    assertWrong("\"n_heads\": 1, ", "", "cfg: n_heads is missing");
    assertWrong("\"d_model\": 4", "\"d_model\": 4.5", "cfg: d_model is 4.5");
    assertWrong(
        "\"parallel_attn_mlp\": false", "\"parallel_attn_mlp\": 0", "parallel_attn_mlp is 0");
    assertWrong(CONFIG, "3", "\"cfg\" is no object");
    assertWrong("\"edges\":", "\"edge\":", "\"edges\" is missing");
    assertWrong("\"input->m0\"", "\"input->a0.h0<q>\"", "not JSON: Duplicate");
    assertWrong("}", "", "not JSON");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GraphJson.read(folder.resolve("none.json")))
        .withMessageContaining("none.json: no such file");
  }

  private void assertWrong(String part, String instead, String message) throws IOException {
    var scores = new double[SHAPE.edges()];
    scores[SHAPE.number(Edge.parse("input->m0"))] = 7;
    var whole = new ScoredGraph(EdgeScores.of(SHAPE, scores), EdgeSet.all(SHAPE));
    var text = new String(GraphJson.bytes(whole, Map.of()), StandardCharsets.UTF_8);
    text =
        text.replace("\"score\": 0.0, \"in_graph\": true", "\"score\": 0.0, \"in_graph\": false");
    assertThat(text).contains(part).contains(CONFIG);
    var file = Files.writeString(folder.resolve("graph.json"), text.replace(part, instead));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GraphJson.read(file))
        .withMessageContaining(file.toString())
        .withMessageContaining(message);
  }

  @Test
  void partsOfDifferentShapesAreRefused() {
    var other = new GraphShape(1, 1, true, 4);
    var scores = EdgeScores.of(SHAPE, new double[SHAPE.edges()]);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ScoredGraph(scores, EdgeSet.none(other)))
        .withMessageContaining("1 layers, 1 heads, d_model 4, sequential blocks")
        .withMessageContaining("parallel blocks");
    var circuit = new Circuit(List.of(CircuitNode.mlp(1)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ScoredGraph(scores, EdgeSet.none(SHAPE), circuit, Optional.empty()))
        .withMessageContaining("node m1");
  }
}
