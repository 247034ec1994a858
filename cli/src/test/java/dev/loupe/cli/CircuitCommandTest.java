package dev.loupe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.circuit.CircuitJson;
import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.GraphJson;
import dev.loupe.circuit.graph.Pruning;
import dev.loupe.circuit.graph.ScoredGraph;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class CircuitCommandTest {
  /** Edges of the demo model: 4 layers of 8 heads and an MLP. */
  private static final int EDGES = edges(4, 8);

  @TempDir private Path folder = Path.of("");

  private static int edges(int layers, int heads) {
    int all = 1 + layers * (heads + 1);
    for (int layer = 0; layer < layers; layer++) {
      int before = 1 + layer * (heads + 1);
      all += 3 * heads * before + before + heads;
    }
    return all;
  }

  private CommandRun onDemo(String command, String name, String... more) {
    return CommandRun.of(
        Stream.of(
                Arrays.stream(command.split(" ", -1)),
                Stream.of("--model", "demo", "--task", "ioi", "--prompts", "4"),
                Stream.of("--out", folder.resolve(name).toString()),
                Arrays.stream(more))
            .flatMap(each -> each)
            .toArray(String[]::new));
  }

  private JsonNode json(CommandRun run, String name) throws IOException {
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(Files.readString(folder.resolve(name).resolve("report.html")))
        .contains("Run it again");
    return JsonMapper.shared()
        .readTree(Files.readString(folder.resolve(name).resolve("result.json")));
  }

  private ScoredGraph graph(String name) {
    return GraphJson.read(folder.resolve(name).resolve("circuit.json"));
  }

  private String file(String name) {
    return folder.resolve(name).resolve("circuit.json").toString();
  }

  @Test
  void aCircuitIsFoundEvaluatedComparedAndShown() throws IOException {
    var found = json(onDemo("circuit find", "eap", "--method", "eap", "--greedy", "600"), "eap");
    var circuit = graph("eap");
    assertThat(circuit.shape().edges()).isEqualTo(EDGES);
    assertThat(circuit.edges().size()).isBetween(1, 600);
    assertThat(Pruning.of(circuit.edges())).isEqualTo(circuit.edges());
    assertThat(found.at("/circuit/edges").asInt()).isEqualTo(circuit.edges().size());
    var own = found.at("/circuit/faithfulness");
    assertThat(own.at("/measured/granularity").asString()).isEqualTo("edge");
    assertThat(own.at("/measured/ablation").asString()).isEqualTo("counterfactual");
    assertThat(own.at("/measured/n").asInt()).isEqualTo(4);

    var evaluate = "circuit evaluate " + file("eap");
    var run = onDemo(evaluate, "evaluated", "--random", "5");
    var evaluated = json(run, "evaluated");
    assertThat(run.out()).contains("edge level", "counterfactual", "all positions", "4 prompts");
    assertThat(evaluated.at("/faithfulness/share/mean").asDouble())
        .isCloseTo(own.at("/share/mean").asDouble(), within(1e-6));
    assertThat(evaluated.at("/random_circuits/shares").size()).isEqualTo(5);
    assertThat(evaluated.at("/curve/points").size()).isEqualTo(10);
    assertThat(evaluated.at("/curve/points/9/share/mean").asDouble()).isCloseTo(1, within(1e-6));
    assertThat(evaluated.at("/curve/cpr/n").asInt()).isEqualTo(4);

    var exact = onDemo("circuit find", "exact", "--method", "exact", "--edges", "600");
    assertThat(json(exact, "exact").at("/circuit/edges").asInt()).isEqualTo(600);
    var both = folder.resolve("both").toString();
    var compare = CommandRun.of("circuit", "compare", file("eap"), file("exact"), "--out", both);
    var compared = json(compare, "both");
    int shared = compared.at("/edges/both").size();
    assertThat(compared.at("/edges/recall").asDouble()).isCloseTo(shared / 600., within(1e-12));
    assertThat(compared.at("/edge_scores/auc").asDouble()).isBetween(.5, 1.);
    assertThat(compared.at("/edge_scores/spearman").asDouble()).isBetween(0., 1.);
    assertThat(compared.at("/node_scores/n").asInt()).isEqualTo(circuit.shape().sources());

    var page = folder.resolve("shown.html");
    var shown = CommandRun.of("circuit", "show", file("eap"), "--out", page.toString());
    assertThat(shown.lines()).last().isEqualTo(page.toString());
    assertThat(Files.readString(page)).contains("<svg", "circuit show");
    assertThat(CommandRun.of("circuit", "show", file("eap"), "--dot").lines().getFirst())
        .startsWith("digraph ");
  }

  @Test
  void acdcKeepsWhatItsThresholdSays() throws IOException {
    var found =
        json(
            CommandRun.of(
                "circuit",
                "find",
                "--model",
                "demo",
                "--task",
                "ioi",
                "--prompts",
                "2",
                "--method",
                "acdc",
                "--threshold",
                "0.3",
                "--out",
                folder.resolve("acdc").toString()),
            "acdc");
    var circuit = graph("acdc");
    assertThat(circuit.edges().size()).isBetween(1, EDGES / 2);
    circuit
        .edges()
        .numbers()
        .forEach(edge -> assertThat(circuit.scores().score(edge)).isGreaterThanOrEqualTo(.3));
    assertThat(found.at("/circuit/runs").asInt()).isPositive();
    assertThat(found.at("/circuit/faithfulness/metric/mean").asDouble())
        .isCloseTo(found.at("/circuit/left/mean").asDouble(), within(1e-3));
  }

  @Test
  void nodesAreWrittenAsAListWithTheirScores() throws IOException {
    var found =
        json(onDemo("circuit find", "node", "--method", "node", "--budget", "50 %"), "node");
    var nodes = CircuitJson.read(folder.resolve("node").resolve("circuit.json"));
    assertThat(found.at("/circuit/nodes").size()).isEqualTo(nodes.nodes().size());
    assertThat(found.at("/circuit/faithfulness/measured/granularity").asString()).isEqualTo("node");
    var evaluated =
        json(onDemo("circuit evaluate " + file("node"), "list", "--random", "0"), "list");
    assertThat(evaluated.at("/faithfulness/share/mean").asDouble())
        .isCloseTo(found.at("/circuit/faithfulness/share/mean").asDouble(), within(1e-6));
    assertThat(evaluated.has("curve")).isFalse();
    var same = folder.resolve("same").toString();
    var compared =
        json(
            CommandRun.of("circuit", "compare", file("node"), file("node"), "--out", same), "same");
    assertThat(compared.at("/nodes/jaccard").asDouble()).isEqualTo(1);
    assertThat(compared.at("/node_scores/spearman").asDouble()).isCloseTo(1, within(1e-12));
  }

  @ParameterizedTest
  @ValueSource(strings = {"eap-ig", "eap-ig-activations", "clean-corrupted", "ifr", "exact"})
  void everyMethodScoresEveryEdge(String method) throws IOException {
    var out = folder.resolve("scores.json");
    var run =
        CommandRun.of(
            "circuit",
            "score",
            "--model",
            "demo",
            "--task",
            "ioi",
            "--prompts",
            "2",
            "--method",
            method,
            "--out",
            out.toString());
    assertThat(run.lines()).last().isEqualTo(out.toString());
    var graph = GraphJson.read(out);
    assertThat(graph.edges()).isEqualTo(EdgeSet.none(graph.shape()));
    assertThat(graph.nodeScores()).isPresent();
    assertThat(Arrays.stream(graph.scores().values()).filter(score -> score != 0).count())
        .isGreaterThan(EDGES / 2);
    assertThat(graph.nodes().metadata()).containsEntry("method", method);
  }

  @Test
  void zerosAndMeansTakeThePlaceOfTheCounterfactual() throws IOException {
    for (var with : List.of("zero", "mean")) {
      var found = json(onDemo("circuit find", with, "--with", with, "--edges", "400"), with);
      assertThat(found.at("/circuit/faithfulness/measured/ablation").asString()).isEqualTo(with);
      assertThat(found.get("corruption").asString()).isEqualTo(with);
    }
  }

  @Test
  void promptsWithoutCorruptedOnesCanBeFollowed() throws IOException {
    var run =
        CommandRun.of(
            "circuit",
            "find",
            "--model",
            "demo",
            "--clean",
            "When Mary and John went to the store, John gave a drink to",
            "--answer",
            "Mary",
            "--metric",
            "probability",
            "--method",
            "ifr",
            "--threshold",
            "0.1",
            "--prune",
            "--out",
            folder.resolve("ifr").toString());
    var found = json(run, "ifr");
    assertThat(found.get("signed").asBoolean()).isFalse();
    assertThat(found.at("/circuit").has("faithfulness")).isFalse();
    assertThat(found.get("notes").toString()).contains("was not run");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "find --task ioi --method magic | --method magic: expected acdc",
        "find --task ioi --method eap --steps 3 | --steps goes with --method eap-ig",
        "find --task ioi --method acdc | acdc chooses by --threshold",
        "find --task ioi --method acdc --edges 5 | acdc chooses by --threshold",
        "find --task ioi --edges 5 --greedy 5 | --edges and --greedy",
        "find --task ioi --method node --edges 5 | --method node scores no edges",
        "find --task ioi --edges 5000 | 5000 edges: this model has",
        "find --task ioi --edges -1 | --edges: -1 edges: expected 0 or more",
        "find --task ioi --budget lots | write budget \"lots\"",
        "find --task ioi --signed --absolute | mutually exclusive",
        "find --task ioi --with noise | --with: corruption \"noise\"",
        "find --task ioi --ends left | end points left",
        "find --clean a --answer b | no --corrupt",
        "find --task ioi --method eap --metric kl | KL divergence",
        "find --task ioi --metric rank | rank",
        "find --task ioi --metric kl --signed | --signed takes what raises the KL divergence",
        "find --task ioi --minimal -1 | --minimal: threshold -1.0: expected a positive number",
        "find --task ioi --method node --minimal 1 | --minimal takes out edges by their scores",
        "find --task ioi --method acdc --threshold 1 --minimal 1 | --minimal takes out edges",
        "find | no prompts",
        "score --task ioi --method acdc | acdc scores edges while it chooses"
      })
  void wrongUsageIsOneLine(String arguments, String message) {
    var all = ("circuit " + arguments.strip() + " --model demo --out " + folder.resolve("x"));
    var run = CommandRun.of(all.split(" ", -1));
    assertThat(run.err()).startsWith("loupe: ").contains(message.strip());
    assertThat(run.err().lines().filter(line -> line.startsWith("loupe:"))).hasSize(1);
    assertThat(run.exitCode()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"find --method exact --edges 100", "find --method acdc --threshold 0.02", "score"})
  void anInterruptionKeepsWhatIsFinishedAndTheSameGoesOn(String typed) throws Exception {
    var command = "circuit " + (typed.equals("score") ? "score --method exact" : typed);
    var kept = folder.resolve("a/unfinished/circuits.bin");
    var worker = Thread.currentThread();
    var watch =
        Thread.ofVirtual()
            .start(() -> {
              try {
                while (!kept.toFile().isFile() || kept.toFile().length() < 10_000) {
                  Thread.sleep(1);
                }
                worker.interrupt();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    var run = onDemo(command, "a");
    watch.join();
    assertThat(Thread.interrupted()).isFalse();
    assertThat(run.exitCode()).as(run.err()).isEqualTo(130);
    assertThat(run.err())
        .contains("interrupted; what was finished is in " + kept.getParent(), "--out ")
        .hasLineCount(1);
    assertThat(kept.resolveSibling("../result.json")).doesNotExist();
    var again = onDemo(command, "a");
    assertThat(again.err()).contains("finished before: going on from there");
    var _ = json(again, "a");
    assertThat(kept.getParent()).doesNotExist();
    var _ = json(onDemo(command, "b"), "b");
    assertThat(graph("a").scores()).isEqualTo(graph("b").scores());
    assertThat(graph("a").edges()).isEqualTo(graph("b").edges());
  }

  @Test
  void theCurveIsChosenAndTheDrawsAreSeededAsAsked() throws IOException {
    var _ = json(onDemo("circuit score", "eap", "--method", "eap"), "eap");
    var edges = json(onDemo("circuit evaluate " + file("eap"), "edges"), "edges");
    assertThat(edges.get("notes").toString()).contains("names no edge");
    var grown = json(onDemo("circuit evaluate " + file("eap"), "g", "--curve", "greedy"), "g");
    assertThat(grown.at("/curve/rule").asString()).contains("grown from the logits");
    assertThat(grown.at("/curve/points/9/share/mean").asDouble()).isCloseTo(1, within(1e-6));
    assertThat(grown.at("/curve/points/3/edges_left").asInt())
        .isLessThanOrEqualTo(edges.at("/curve/points/3/edges_left").asInt());
    assertThat(grown.at("/curve/cpr/mean").asDouble())
        .isNotEqualTo(edges.at("/curve/cpr/mean").asDouble());

    var nodes = Files.writeString(folder.resolve("n.json"), "{\"nodes\": [\"input\", \"m0\"]}");
    var seeded = onDemo("circuit evaluate " + nodes, "s", "--random", "9", "--random-seed", "7");
    assertThat(seeded.out()).contains("of 9 circuits, seed 7");
    assertThat(json(seeded, "s").at("/random_circuits/seed").asLong()).isEqualTo(7);
    assertThat(Files.readString(folder.resolve("s/report.html"))).contains("--random-seed 7");
    var usual = json(onDemo("circuit evaluate " + nodes, "u", "--random", "9"), "u");
    assertThat(usual.at("/random_circuits/shares"))
        .isNotEqualTo(json(seeded, "s").at("/random_circuits/shares"));

    onDemo("circuit evaluate " + nodes, "x", "--random", "0", "--random-seed", "7")
        .failedWith(2, "--random 0 draws none");
    onDemo("circuit evaluate " + nodes, "x", "--curve", "greedy")
        .failedWith(2, "no scores of edges");
    onDemo("circuit evaluate " + file("eap"), "x", "--curve", "best")
        .failedWith(2, "--curve best: expected edges or greedy");
    onDemo("circuit evaluate " + file("eap"), "x", "--curve", "edges", "--no-curve")
        .failedWith(2, "expected one of them");
  }

  @Test
  void whatACircuitDoesNotNeedIsTakenOut() throws IOException {
    var all = json(onDemo("circuit find", "all", "--method", "eap", "--edges", "60"), "all");
    var run = onDemo("circuit find", "few", "--method", "eap", "--edges", "60", "--minimal", "0.1");
    var few = json(run, "few");
    int edges = few.at("/circuit/edges").asInt();
    assertThat(edges).isBetween(1, 59);
    assertThat(few.at("/circuit/rule").asString())
        .endsWith(", %d that change less than 0.1 taken out".formatted(60 - edges));
    assertThat(graph("few").edges().without(graph("all").edges()).size()).isZero();
    assertThat(all.at("/circuit/edges").asInt()).isEqualTo(60);
    assertThat(Files.readString(folder.resolve("few/report.html"))).contains("--minimal 0.1");
  }

  @Test
  void aCircuitOfNothingIsSaidToBeEmpty() throws IOException {
    var run = onDemo("circuit find", "none", "--method", "eap", "--threshold", "1e9");
    assertThat(json(run, "none").at("/circuit/edges").asInt()).isZero();
    assertThat(run.err()).contains("the circuit is empty");
  }

  @Test
  void filesAreRefusedByTheNameOfWhatIsWrong() throws IOException {
    var nodes = folder.resolve("nodes.json");
    Files.writeString(nodes, "{\"nodes\": [\"input\", \"a0.h1\", \"a9.h6\"]}");
    onDemo("circuit evaluate " + nodes, "x").failedWith(2, "a9.h6", "a0.h0 to a3.h7");
    onDemo("circuit evaluate wang-2022-ioi", "x").failedWith(2, "wang-2022-ioi", "12 layers");
    CommandRun.of("circuit", "show", folder.resolve("none.json").toString())
        .failedWith(1, "no such file");
    Files.writeString(nodes, "{\"nodes\": [\"b0\"]}");
    CommandRun.of("circuit", "compare", nodes.toString(), "wang-2022-ioi")
        .failedWith(1, "node 1", "b0");
    CommandRun.of("circuit", "show", folder.toString())
        .failedWith(1, "is a folder", folder.resolve("circuit.json").toString());
    Files.writeString(nodes, "{\"nodes\": [");
    CommandRun.of("circuit", "show", nodes.toString())
        .failedWith(1, "not JSON: Unexpected end-of-input");
    CommandRun.of("circuit").failedWith(2, "expected one of find, score");
    CommandRun.of("circuit", "show", "wang-2022-ioi", "--out", "x.svg")
        .failedWith(2, "ends in .html");
  }

  @Test
  void headsAreComparedWithThePublishedOnesAlone() throws IOException {
    var nodes = folder.resolve("nodes.json");
    Files.writeString(nodes, "{\"nodes\": [\"input\", \"m0\", \"a9.h9\", \"a9.h6\", \"a0.h0\"]}");
    var out = folder.resolve("wang").toString();
    var compared =
        json(
            CommandRun.of("circuit", "compare", nodes.toString(), "wang-2022-ioi", "--out", out),
            "wang");
    assertThat(compared.get("among").asString()).isEqualTo("heads");
    assertThat(compared.at("/nodes/precision").asDouble()).isCloseTo(2 / 3., within(1e-12));
    assertThat(compared.at("/nodes/recall").asDouble()).isCloseTo(2 / 26., within(1e-12));
    assertThat(compared.at("/classes/0/found").size()).isEqualTo(2);
    assertThat(compared.at("/provenance").has("libtorch")).isFalse();
  }
}
