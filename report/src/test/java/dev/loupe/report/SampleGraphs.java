package dev.loupe.report;

import dev.loupe.circuit.CircuitComparison;
import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.ReferenceCircuit;
import dev.loupe.circuit.graph.EdgeScores;
import dev.loupe.circuit.graph.GraphComparison;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.graph.NodeScores;
import dev.loupe.circuit.graph.RankCorrelation;
import dev.loupe.circuit.graph.Ranking;
import dev.loupe.circuit.graph.Roc;
import dev.loupe.circuit.graph.ScoredGraph;
import dev.loupe.circuit.graph.Selection;
import dev.loupe.circuit.run.Ablating;
import dev.loupe.circuit.run.Corruption;
import dev.loupe.circuit.run.Faithfulness;
import dev.loupe.circuit.run.FaithfulnessCurve;
import dev.loupe.circuit.run.Measured;
import dev.loupe.circuit.run.Minimality;
import dev.loupe.circuit.run.RandomCircuits;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.Provenance;
import dev.loupe.model.Token;
import dev.loupe.model.WeightProcessing;
import dev.loupe.study.PromptRow;
import dev.loupe.study.circuits.CircuitFile;
import dev.loupe.study.circuits.CircuitFindings;
import dev.loupe.study.circuits.CircuitScores;
import dev.loupe.study.circuits.ComparisonFindings;
import dev.loupe.study.circuits.EvaluationFindings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;

/** Made-up findings of scored graphs, for tests and for looking at. */
final class SampleGraphs {
  static final String HOSTILE = "<script>alert(1)</script>";
  static final GraphShape SMALL = new GraphShape(2, 2, false, 8);
  static final GraphShape GPT2 = new GraphShape(12, 12, false, 768);
  static final Provenance MODEL =
      new Provenance("gpt2" + HOSTILE, "", "w2", "", WeightProcessing.none(), "F64");
  static final int PROMPTS = 2;
  static final Measured MEASURED =
      new Measured(Ablating.standard(), StandardMetric.LOGIT_DIFFERENCE.label(), PROMPTS);

  private SampleGraphs() {}

  static List<PromptRow> prompts() {
    var clean = "When| Mary| and| John| went| to| the| store|,| John| gave| a| drink| to";
    var row =
        new PromptRow(
            tokens(clean),
            tokens(clean.replace(",| John", ",| Mary")),
            tokens(" Mary"),
            tokens(HOSTILE),
            Map.of("IO", 1, "S2", 9, "END", 13));
    return List.of(row, row);
  }

  private static List<Token> tokens(String text) {
    return Arrays.stream(text.split("\\|", -1)).map(token -> new Token(token, 7)).toList();
  }

  /** A few strong edges, the more the later they end, among many weak ones. */
  static EdgeScores scores(GraphShape shape, long seed) {
    var random = new Random(seed);
    return EdgeScores.of(
        shape,
        IntStream.range(0, shape.edges())
            .mapToDouble(_ -> Math.pow(random.nextGaussian(), 5) / 500)
            .toArray());
  }

  static CircuitFindings found(GraphShape shape, int edges) {
    var scores = scores(shape, 1);
    var chosen = new Selection.Greedy(edges, Ranking.ABSOLUTE).of(scores);
    return new CircuitFindings(
        MODEL,
        "eap-ig",
        "EAP with the gradient averaged over 5 inputs",
        StandardMetric.LOGIT_DIFFERENCE,
        Corruption.COUNTERFACTUAL,
        new CircuitScores(
            shape,
            Optional.of(scores),
            Optional.empty(),
            NodeScores.leaving(scores, Ranking.SIGNED),
            Optional.empty(),
            "the sum of the scores of the edges that leave it",
            true),
        Optional.of(
            new CircuitFindings.Chosen(
                "the %d edges of highest absolute score".formatted(edges),
                Ranking.ABSOLUTE,
                chosen,
                chosen.nodes(),
                Optional.of(edges - chosen.size()),
                Optional.empty(),
                Optional.empty(),
                Optional.of(faithfulness(chosen.size(), .87)))),
        prompts(),
        List.of("a note"),
        1.5);
  }

  /** Scores of edges or of nodes alone, with no circuit. */
  static CircuitFindings scored(GraphShape shape, boolean edges) {
    var found = found(shape, 1);
    var scores = found.scores();
    return new CircuitFindings(
        MODEL,
        edges ? "ifr" : "node",
        "how",
        found.metric(),
        Corruption.ZERO,
        new CircuitScores(
            shape,
            edges ? scores.edges() : Optional.empty(),
            Optional.empty(),
            scores.nodes(),
            Optional.empty(),
            "what is lost without it",
            !edges),
        Optional.empty(),
        found.prompts(),
        List.of(),
        1);
  }

  private static Estimate of(double mean) {
    return new Estimate(mean, .03, PROMPTS);
  }

  static Faithfulness faithfulness(int edges, double share) {
    return new Faithfulness(edges, of(3.5 * share), of(3.5), of(0), of(share), MEASURED);
  }

  static CircuitFile file(String name, ScoredGraph graph) {
    return new CircuitFile(
        name,
        graph.nodes(),
        Optional.of(graph),
        Optional.of(graph.shape()),
        Optional.of(NodeScores.leaving(graph.scores(), Ranking.ABSOLUTE)));
  }

  static CircuitFile wang() {
    return CircuitFile.read(CircuitFile.IOI);
  }

  /** What an evaluation finds: 1 of a share of edges is .6 of the behaviour, and so on. */
  static EvaluationFindings evaluated() {
    var graph = found(GPT2, 250).graph().orElseThrow();
    var points =
        FaithfulnessCurve.SHARES.stream()
            .map(share ->
                new FaithfulnessCurve.Point(
                    share,
                    faithfulness(
                        FaithfulnessCurve.edges(share, GPT2.edges()),
                        1.1 - .1 / (1 + Math.log(1 / share)) - .9 * Math.exp(-20 * share))))
            .toList();
    var parts =
        IntStream.range(0, 40)
            .mapToObj(i ->
                new Minimality.Part(GPT2.edge(i).toString(), of(1.0 / (i + 1)), of(.3 / (i + 1))))
            .toList();
    return new EvaluationFindings(
        MODEL,
        file("runs/circuit.json", graph),
        graph.edges(),
        MEASURED,
        Optional.of(
            new EvaluationFindings.Result(
                faithfulness(graph.edges().size(), .87),
                faithfulness(GPT2.edges() - graph.edges().size(), .12),
                Optional.of(new RandomCircuits(List.of(.02, -.03, .05, .01, .2), .95, 7, MEASURED)),
                Optional.of(new Minimality(parts, MEASURED)))),
        Optional.of(
            new EvaluationFindings.Curve(
                Ranking.ABSOLUTE,
                "the k edges of highest absolute score",
                new FaithfulnessCurve(points, of(1.04), of(.07), MEASURED))),
        prompts(),
        List.of("a note"),
        12);
  }

  /** Two scored graphs of one model. */
  static ComparisonFindings compared() {
    var here = found(GPT2, 250).graph().orElseThrow();
    var random = new Random(3);
    double[] near =
        Arrays.stream(here.scores().values())
            .map(score -> score * (.7 + random.nextGaussian() / 4) + random.nextGaussian() / 2000)
            .toArray();
    var scores = EdgeScores.of(GPT2, near);
    var edges = new Selection.TopEdges(200, Ranking.ABSOLUTE).of(scores);
    var there = new ScoredGraph(scores, edges);
    var mine = file("a/circuit.json", here);
    var theirs = file("b/" + HOSTILE.replace("/", "") + ".json", there);
    return new ComparisonFindings(
        mine,
        theirs,
        "nodes",
        CircuitComparison.of(mine.nodes().nodes(), theirs.nodes().nodes(), Map.of()),
        Optional.of(GraphComparison.of(here, there)),
        Ranking.ABSOLUTE,
        Optional.of(
            new ComparisonFindings.Scores(
                Optional.of(Roc.of(here.scores(), edges, Ranking.ABSOLUTE)),
                Optional.of(RankCorrelation.of(here.scores(), scores, Ranking.ABSOLUTE)),
                IntStream.range(0, GPT2.edges())
                    .mapToObj(edge ->
                        new ComparisonFindings.Pair(
                            GPT2.edge(edge).toString(),
                            here.scores().score(edge),
                            scores.score(edge)))
                    .toList())),
        Optional.of(nodes(mine.nodeScores().orElseThrow(), theirs)),
        Optional.empty(),
        List.of());
  }

  private static ComparisonFindings.Scores nodes(NodeScores here, CircuitFile there) {
    var scores = there.nodeScores().orElseThrow();
    var shape = here.shape();
    var all = IntStream.range(0, shape.sources()).mapToObj(shape::source).toList();
    return new ComparisonFindings.Scores(
        Optional.of(Roc.of(here, all, there.nodes().nodes(), Ranking.ABSOLUTE)),
        Optional.of(RankCorrelation.of(here, scores, Ranking.ABSOLUTE)),
        IntStream.range(0, shape.sources())
            .mapToObj(source ->
                new ComparisonFindings.Pair(
                    shape.source(source).toString(), here.score(source), scores.score(source)))
            .toList());
  }

  /** A scored graph beside the published heads. */
  static ComparisonFindings comparedWithWang() {
    var here = file("circuit.json", found(GPT2, 250).graph().orElseThrow());
    var there = wang();
    var heads =
        IntStream.range(0, GPT2.sources())
            .mapToObj(GPT2::source)
            .filter(CircuitNode.OfHead.class::isInstance)
            .toList();
    var mine = here.nodes().nodes().stream().filter(heads::contains).toList();
    return new ComparisonFindings(
        here,
        there,
        "heads",
        CircuitComparison.of(mine, there.nodes().nodes(), Map.of()),
        Optional.empty(),
        Ranking.ABSOLUTE,
        Optional.empty(),
        Optional.of(
            new ComparisonFindings.Scores(
                Optional.of(
                    Roc.of(
                        here.nodeScores().orElseThrow(),
                        heads,
                        there.nodes().nodes(),
                        Ranking.ABSOLUTE)),
                Optional.empty(),
                List.of())),
        Optional.of(ReferenceCircuit.ioi()),
        List.of("only heads are compared"));
  }

  static Map<String, HtmlReport> reports() {
    var facts = Map.of("Loupe", "dev");
    var pages = new LinkedHashMap<String, HtmlReport>();
    pages.put("found", new CircuitPage(found(GPT2, 250)).page("again", facts));
    pages.put("small", new CircuitPage(found(SMALL, 12)).page("again", facts));
    pages.put("scored", new CircuitPage(scored(GPT2, true)).page("again", facts));
    pages.put("nodes", new CircuitPage(scored(SMALL, false)).page("again", facts));
    pages.put("evaluated", new EvaluationPage(evaluated()).page("again", facts));
    pages.put("compared", new CircuitComparisonPage(compared()).page("again", facts));
    pages.put("wang", new CircuitComparisonPage(comparedWithWang()).page("again", facts));
    pages.put("file", new CircuitFilePage(wang()).page("again", facts));
    return pages;
  }

  /** Write the pages, for looking at, into the folder named by the first argument. */
  public static void main(String[] args) throws IOException {
    for (var page : reports().entrySet()) {
      page.getValue().write(Path.of(args[0], page.getKey() + ".html"));
    }
    for (var block : new EvaluationPage(evaluated()).highlights()) {
      System.out.println(TerminalBlocks.render(block, Terminal.plain()));
    }
    for (var block : new CircuitPage(found(SMALL, 12)).highlights()) {
      System.out.println(TerminalBlocks.render(block, Terminal.plain()));
    }
    for (var block : new CircuitComparisonPage(comparedWithWang()).highlights()) {
      System.out.println(TerminalBlocks.render(block, Terminal.plain()));
    }
  }
}
