package dev.loupe.report;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.run.Faithfulness;
import dev.loupe.lens.Estimate;
import dev.loupe.study.circuits.CircuitFindings;
import dev.loupe.study.circuits.CircuitFindings.Chosen;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Tells how edges and nodes of a model score, and the circuit that was chosen by it: as charts of a
 * terminal, and as a page.
 */
public final class CircuitPage {
  private static final int LISTED = 20;

  private final CircuitFindings findings;
  private final String unit;

  /** Takes the findings that are told. */
  public CircuitPage(CircuitFindings findings) {
    this.findings = findings;
    var scores = findings.scores();
    unit =
        scores.isSigned()
            ? "in the " + findings.metric().label() + prompts()
            : "share that passes" + prompts();
  }

  private String prompts() {
    int count = findings.prompts().size();
    return count == 1 ? "" : "; mean over " + count + " prompts";
  }

  // ---- Blocks

  /** Return the few numbers of the circuit; empty where everything was only scored. */
  public Optional<KeyFigures> figures() {
    return findings.chosen().map(this::figures);
  }

  private KeyFigures figures(Chosen chosen) {
    var shape = findings.shape();
    var figures = new ArrayList<KeyFigures.Figure>();
    int edges = chosen.edges().size();
    figures.add(
        new KeyFigures.Figure(
            "edges",
            "%,d".formatted(edges),
            "of %,d, %s %%"
                .formatted(shape.edges(), Numbers.fixed(100.0 * edges / shape.edges(), 2, false))));
    figures.add(
        new KeyFigures.Figure(
            "nodes",
            "%,d".formatted(chosen.nodes().nodes().size()),
            "of %,d: %s, %s"
                .formatted(
                    shape.sources(),
                    CircuitWords.count(chosen.nodes().heads().size(), "head"),
                    CircuitWords.count(chosen.nodes().mlps().size(), "MLP"))));
    chosen.faithfulness().ifPresent(found -> figures.add(faithfulness(found)));
    return new KeyFigures(figures);
  }

  private static KeyFigures.Figure faithfulness(Faithfulness found) {
    return new KeyFigures.Figure(
        "faithfulness",
        CircuitWords.plain(found.share().mean()),
        CircuitWords.error(found.share()) + CircuitWords.basis(found.measured()));
  }

  /** Return the scores of all heads and MLPs. */
  public Heatmap heatmap() {
    var scores = findings.scores();
    return NodeMaps.of(
        "The score of each head and MLP", scores.nodes(), scores.nodeMeaning() + ", " + unit);
  }

  /**
   * Return the strongest edges, of the circuit where there is one; empty where none were scored.
   */
  public Optional<Table> strongestEdges(int n) {
    var scores = findings.scores();
    if (scores.edges().isEmpty() || edges().size() == 0) {
      return Optional.empty();
    }
    var strongest =
        edges()
            .numbers()
            .mapToObj(edge ->
                new Scored(
                    findings.shape().edge(edge).toString(),
                    scores.edge(edge, findings.prompts().size())))
            .toList();
    return Optional.of(
        table(
            findings.chosen().isPresent()
                ? "The strongest edges of the circuit"
                : "The strongest edges",
            Column.label("edge").explained("<q>, <k>, <v>: which input of a head"),
            strongest,
            n));
  }

  /** Return the strongest nodes of all. */
  public Table strongestNodes(int n) {
    var shape = findings.shape();
    var nodes =
        IntStream.range(0, shape.sources())
            .mapToObj(source ->
                new Scored(
                    shape.source(source).toString(),
                    findings.scores().node(source, findings.prompts().size())))
            .toList();
    return table("The strongest nodes", Column.label("node"), nodes, n);
  }

  private record Scored(String name, Estimate score) {}

  private Table table(String title, Column name, List<Scored> all, int n) {
    var shown =
        all.stream()
            .sorted(Comparator.comparingDouble((Scored each) -> -Math.abs(each.score().mean())))
            .limit(n)
            .toList();
    double most = shown.isEmpty() ? 0 : Math.abs(shown.getFirst().score().mean());
    int decimals = Math.clamp(Numbers.decimals(most) + 1L, 3, 12);
    boolean hasErrors =
        shown.stream().anyMatch(each -> Double.isFinite(each.score().standardError()));
    var columns = new ArrayList<>(List.of(name));
    columns.add(
        findings.scores().isSigned()
            ? Column.signed("score", decimals).explained(unit)
            : Column.number("score", decimals).explained(unit));
    if (hasErrors) {
      columns.add(Column.error(decimals, "prompts"));
    }
    var table = Table.titled(title, columns.toArray(Column[]::new));
    for (var each : shown) {
      var cells = new ArrayList<Cell>();
      cells.add(Cell.of(each.name()));
      cells.add(Cell.of(each.score().mean()));
      if (hasErrors) {
        cells.add(Cell.of(Numbers.finite(each.score().standardError())));
      }
      table.row(cells.toArray(Cell[]::new));
    }
    return table.build();
  }

  /**
   * Return the circuit drawn, or where nothing was chosen the strongest edges of all; of many edges
   * the strongest.
   */
  public CircuitGraph graph() {
    return drawing()
        .graph(
            title(),
            findings.chosen().map(chosen -> chosen.nodes().nodes()).orElse(List.of()),
            _ -> "",
            this::told);
  }

  private CircuitDrawing drawing() {
    // Where nodes alone have scores, lines between them would all be alike and say nothing.
    var edges = findings.scores().edges();
    return new CircuitDrawing(edges.isPresent() ? edges() : EdgeSet.none(findings.shape()), edges);
  }

  private EdgeSet edges() {
    return findings.chosen().map(Chosen::edges).orElseGet(() -> EdgeSet.all(findings.shape()));
  }

  private String told(CircuitNode node) {
    var score = findings.scores().node(findings.shape().number(node), findings.prompts().size());
    return "score "
        + CircuitWords.signed(score.mean())
        + (Double.isFinite(score.standardError())
            ? " ± " + Numbers.fixed(score.standardError(), 3, false)
            : "");
  }

  /** Return what a terminal shows. */
  public List<Block> highlights() {
    var blocks = new ArrayList<Block>();
    figures().ifPresent(blocks::add);
    findings
        .chosen()
        .flatMap(Chosen::faithfulness)
        .ifPresent(found ->
            blocks.add(new Prose("Faithfulness is measured by: " + found.measured() + ".")));
    blocks.add(heatmap());
    strongestEdges(10).ifPresentOrElse(blocks::add, () -> blocks.add(strongestNodes(10)));
    return blocks;
  }

  // ---- The page

  /**
   * Return the whole page.
   *
   * @param again what to type to get it again
   * @param facts what else belongs to the provenance, in reading order
   */
  public HtmlReport page(String again, Map<String, String> facts) {
    var blocks = new ArrayList<Block>();
    blocks.add(new Section("What was asked"));
    blocks.add(new Bullets(asked()));
    figures().ifPresent(blocks::add);
    findings
        .chosen()
        .flatMap(Chosen::faithfulness)
        .ifPresent(found -> blocks.add(new Prose(meaning(found))));
    blocks.add(new Section("Prompts"));
    blocks.add(PromptLines.pairs(findings.prompts()));
    blocks.add(new Section("Scores"));
    blocks.add(heatmap());
    blocks.add(new Prose(readingOfNodes()));
    strongestEdges(LISTED).ifPresent(blocks::add);
    blocks.add(strongestNodes(LISTED));
    if (findings.chosen().isPresent() || findings.scores().edges().isPresent()) {
      blocks.add(new Section(findings.chosen().isPresent() ? "The circuit" : "The edges"));
      blocks.add(graph());
      blocks.add(new Prose(readingOfGraph()));
    }
    var own = new LinkedHashMap<String, String>();
    own.put("method", findings.method());
    own.put("metric", findings.metric().label());
    own.put("corruption", findings.corruption().toString());
    return HtmlReport.titled(title())
        .withSummary(summary())
        .add(blocks.toArray(Block[]::new))
        .ending(findings.notes(), again, Provenance.of(findings.model(), own, facts));
  }

  private String title() {
    return findings.chosen().isPresent()
        ? "The circuit that %s finds in %s".formatted(findings.method(), findings.model().model())
        : "How much the %s of %s matter, by %s"
            .formatted(
                findings.scores().edges().isPresent() ? "edges" : "nodes",
                findings.model().model(),
                findings.method());
  }

  private String summary() {
    return findings
        .chosen()
        .map(chosen ->
            "%s of %,d, between %s: %s."
                .formatted(
                    CircuitWords.count(chosen.edges().size(), "edge"),
                    findings.shape().edges(),
                    CircuitWords.count(chosen.nodes().nodes().size(), "node"),
                    chosen.rule()))
        .orElseGet(() ->
            "Scores of all %s of the graph of what each part of the model adds to what later parts read."
                .formatted(
                    findings.scores().edges().isPresent()
                        ? CircuitWords.count(findings.shape().edges(), "edge")
                        : CircuitWords.count(findings.shape().sources(), "node")));
  }

  private List<String> asked() {
    var sentences = new ArrayList<String>();
    sentences.add(
        "Which %s of the model carry the behaviour? Method `%s`: %s."
            .formatted(
                findings.scores().edges().isPresent() ? "edges" : "nodes",
                findings.method(),
                findings.description()));
    var prompts = CircuitWords.count(findings.prompts().size(), "prompt");
    sentences.add(
        findings.scores().isSigned()
            ? "What is measured: the %s, over %s; in the place of a clean value stands the `%s` one, at all positions."
                .formatted(findings.metric().label(), prompts, findings.corruption())
            : "The scores are of the clean runs of %s, at all positions: neither a metric nor corrupted values are in them."
                .formatted(prompts));
    findings.chosen().ifPresent(chosen -> sentences.addAll(choice(chosen)));
    return sentences;
  }

  private static List<String> choice(Chosen chosen) {
    var sentences = new ArrayList<String>();
    sentences.add("What was chosen: %s.".formatted(chosen.rule()));
    chosen
        .hanging()
        .ifPresent(hanging ->
            sentences.add(
                hanging == 0
                    ? "No edge hangs: every one lies on a path from the input to the logits."
                    : "%s on no path from the input to the logits, and taken out again."
                        .formatted(
                            hanging == 1 ? "One edge was" : "%,d edges were".formatted(hanging))));
    chosen
        .filling()
        .ifPresent(filling ->
            sentences.add(
                "Its nodes write %,d dimensions of a budget of %,d."
                    .formatted(filling.used(), filling.budget())));
    return sentences;
  }

  private static String meaning(Faithfulness found) {
    return "Faithfulness is (m(circuit) - m(ablated)) / (m(whole) - m(ablated)): the %s is `%s` of the circuit, `%s` of the whole model and `%s` with all ablated (%s). It is measured on the prompts that the circuit was chosen by."
        .formatted(
            found.measured().metric(),
            CircuitWords.signed(found.circuit().mean()),
            CircuitWords.signed(found.full().mean()),
            CircuitWords.signed(found.empty().mean()),
            CircuitWords.basis(found.measured()));
  }

  private String readingOfNodes() {
    var input = findings.scores().nodes().score(CircuitNode.input());
    return "Layers down, heads across, the MLP at the end of its layer; the input, which has no layer, scores `%s`. A node's score is %s. %s"
        .formatted(
            CircuitWords.signed(input),
            findings.scores().nodeMeaning(),
            findings.scores().isSigned()
                ? "Where scores have a sign, positive is what raises the %s when it carries its clean value."
                    .formatted(findings.metric().label())
                : "It has no sign: it says how much passes, not whether it helps.");
  }

  private String readingOfGraph() {
    return findings.scores().edges().isPresent()
        ? drawing().reading(findings.chosen().isPresent() ? "The circuit" : "The model")
        : "Nodes alone were scored: the circuit has all edges between its nodes and from them to the"
            + " logits, which are not drawn. Point at a node for its score.";
  }
}
