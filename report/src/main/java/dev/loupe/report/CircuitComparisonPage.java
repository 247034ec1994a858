package dev.loupe.report;

import dev.loupe.circuit.CircuitComparison.Mismatch;
import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.ReferenceCircuit;
import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.GraphComparison;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.graph.Roc;
import dev.loupe.study.circuits.CircuitFile;
import dev.loupe.study.circuits.ComparisonFindings;
import dev.loupe.study.circuits.ComparisonFindings.Scores;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Tells how a circuit compares with a reference: as charts of a terminal, and as a page. */
public final class CircuitComparisonPage {
  private static final int LISTED = 20;

  private final ComparisonFindings findings;
  private final String here;
  private final String there;
  private final ComparisonCharts charts;

  /** Takes the findings that are told. */
  public CircuitComparisonPage(ComparisonFindings findings) {
    this.findings = findings;
    here = CircuitWords.file(findings.here().name());
    var other = CircuitWords.file(findings.there().name());
    there = other.equals(here) ? other + " of the reference" : other;
    charts = new ComparisonCharts(findings, here, there);
  }

  // ---- Blocks

  /** Return how much the two have in common. */
  public Table overlap() {
    var table =
        Table.titled(
            "What the two have in common",
            Column.text("compared"),
            Column.number("in both", 0),
            Column.number("only here", 0).explained("in " + here),
            Column.number("only there", 0).explained("in " + there),
            Column.number("Jaccard", 3).explained("in both, of all that either has"),
            Column.number("precision", 3).explained("in both, of what is here"),
            Column.number("recall", 3).explained("in both, of what is there"),
            Column.number("AUC", 3)
                .explained("how well the scores here tell the reference from the rest"));
    var nodes = findings.nodes();
    table.row(
        Cell.of(findings.among()),
        Cell.of(nodes.matching().size()),
        Cell.of(nodes.onlyHere().size()),
        Cell.of(nodes.onlyThere().size()),
        Cell.of(nodes.jaccard()),
        Cell.of(nodes.precision()),
        Cell.of(nodes.recall()),
        Cell.of(auc(findings.nodeScores())));
    findings
        .edges()
        .ifPresent(edges ->
            table.row(
                Cell.of("edges"),
                Cell.of(edges.both().size()),
                Cell.of(edges.onlyHere().size()),
                Cell.of(edges.onlyThere().size()),
                Cell.of(edges.jaccard()),
                Cell.of(edges.precision()),
                Cell.of(edges.recall()),
                Cell.of(auc(findings.edgeScores()))));
    return table.build();
  }

  private static double auc(Optional<Scores> scores) {
    return scores.flatMap(Scores::roc).map(Roc::auc).orElse(Double.NaN);
  }

  /** Return the ROC curves of the scores; empty where there are none. */
  public Optional<LineChart> roc() {
    return charts.roc();
  }

  /** Return the scores of both side by side, of nodes and of edges, where both have some. */
  public List<ScatterChart> scatters() {
    return charts.scatters();
  }

  /** Return the classes of a published circuit, and which of their heads are here. */
  public Optional<Table> classes() {
    return findings.reference().map(this::classes);
  }

  private Table classes(ReferenceCircuit published) {
    var table =
        Table.titled(
            "Which classes of heads are found",
            Column.text("class"),
            Column.text("at").explained("the position where they act"),
            Column.number("heads", 0),
            Column.number("found", 0),
            Column.text("here"),
            Column.text("not here"));
    for (var each : published.classes()) {
      var nodes = each.heads().stream().map(CircuitNode::of).toList();
      var found = nodes.stream().filter(findings.here().nodes()::has).toList();
      table.row(
          Cell.of(each.name()),
          Cell.of(each.at()),
          Cell.of(nodes.size()),
          Cell.of(found.size()),
          Cell.of(names(found)),
          Cell.of(names(nodes.stream().filter(Predicate.not(found::contains)).toList())));
    }
    return table.build();
  }

  private static String names(List<? extends Object> nodes) {
    return nodes.isEmpty()
        ? "-"
        : nodes.stream().map(Object::toString).collect(Collectors.joining(", "));
  }

  /** Return the nodes of both circuits drawn, each with where it is. */
  public CircuitGraph graph() {
    var nodes = new ArrayList<CircuitGraph.Node>();
    findings
        .nodes()
        .matching()
        .forEach(node -> nodes.add(CircuitGraph.Node.of(node, ComparisonCharts.BOTH, told(node))));
    findings
        .nodes()
        .onlyHere()
        .forEach(it ->
            nodes.add(CircuitGraph.Node.of(it.node(), ComparisonCharts.HERE, told(it.node()))));
    findings
        .nodes()
        .onlyThere()
        .forEach(it ->
            nodes.add(CircuitGraph.Node.of(it.node(), ComparisonCharts.THERE, told(it.node()))));
    int layers =
        Stream.of(findings.here(), findings.there())
            .flatMap(file -> file.shape().stream())
            .mapToInt(GraphShape::layers)
            .findFirst()
            .orElseGet(() -> nodes.stream().mapToInt(CircuitGraph.Node::layer).max().orElse(0) + 1);
    nodes.add(CircuitDrawing.logits(layers));
    return new CircuitGraph("The nodes of both", layers, nodes, List.of());
  }

  private String told(CircuitNode node) {
    var reference =
        node instanceof CircuitNode.OfHead(var head)
            ? findings.reference().flatMap(published -> published.classOf(head)).orElse("")
            : "";
    return Stream.of(
            reference, score("here", findings.here(), node), score("there", findings.there(), node))
        .filter(text -> !text.isEmpty())
        .collect(Collectors.joining("; "));
  }

  private static String score(String where, CircuitFile file, CircuitNode node) {
    return file.nodeScores()
        .map(scores -> "score " + where + " " + CircuitWords.signed(scores.score(node)))
        .orElse("");
  }

  /** Return what a terminal shows. */
  public List<Block> highlights() {
    var blocks = new ArrayList<Block>();
    blocks.add(overlap());
    classes().ifPresent(blocks::add);
    blocks.add(new Bullets(conclusions()));
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
    blocks.add(new Section("Overlap"));
    blocks.add(overlap());
    blocks.add(
        new Prose(
            "`Here` is %s; `there` is the reference, %s. Precision is the share of what is here that the reference has; recall the share of the reference that is here; Jaccard the share of what either has that both have. Nodes are compared among %s."
                .formatted(here, there, findings.among())));
    blocks.add(new Bullets(conclusions()));
    blocks.add(new Section("The nodes"));
    blocks.add(graph());
    blocks.add(new Prose("Colours and letters say where a node is. Point at one for its scores."));
    classes().ifPresent(blocks::add);
    findings.edges().ifPresent(edges -> blocks.addAll(edges(edges)));
    roc()
        .ifPresent(chart -> {
          blocks.add(new Section("Scores against the reference"));
          blocks.add(chart);
          blocks.add(new Prose(readingOfRoc()));
        });
    var scatters = scatters();
    if (!scatters.isEmpty()) {
      blocks.add(new Section("Scores against scores"));
      blocks.addAll(scatters);
      blocks.add(
          new Prose(
              "If both ranked all alike, points would lie on one rising line. "
                  + String.join(" ", correlations())));
    }
    var own = new LinkedHashMap<String, String>();
    own.put("here", findings.here().name());
    own.put("there", findings.there().name());
    own.put("nodes compared", findings.among());
    own.put("ranked by", findings.ranking() + " score");
    findings.reference().ifPresent(published -> own.put("reference", published.source()));
    own.putAll(facts);
    return HtmlReport.titled(here + " beside " + there)
        .withSummary(
            "How a circuit compares with a reference: what both have, and whether the scores of one find the other.")
        .add(blocks.toArray(Block[]::new))
        .ending(findings.notes(), again, Provenance.of(own));
  }

  private List<String> conclusions() {
    var nodes = findings.nodes();
    var sentences = new ArrayList<String>();
    sentences.add(
        "`%d` of the %d %s of the reference are here, and `%d` others: precision `%s`, recall `%s`."
            .formatted(
                nodes.matching().size(),
                nodes.matching().size() + nodes.onlyThere().size(),
                findings.among(),
                nodes.onlyHere().size(),
                CircuitWords.plain(nodes.precision()),
                CircuitWords.plain(nodes.recall())));
    if (!nodes.onlyHere().isEmpty()) {
      sentences.add("Only here: " + first(nodes.onlyHere()) + ".");
    }
    if (!nodes.onlyThere().isEmpty()) {
      sentences.add("Only there: " + first(nodes.onlyThere()) + ".");
    }
    sentences.addAll(correlations());
    return sentences;
  }

  private static String first(List<Mismatch> nodes) {
    var shown = nodes.stream().limit(LISTED).map(Mismatch::node).toList();
    return names(shown)
        + (nodes.size() > shown.size() ? " and %d more".formatted(nodes.size() - LISTED) : "");
  }

  private List<String> correlations() {
    var sentences = new ArrayList<String>();
    correlation("nodes", findings.nodeScores()).ifPresent(sentences::add);
    correlation("edges", findings.edgeScores()).ifPresent(sentences::add);
    return sentences;
  }

  private Optional<String> correlation(String what, Optional<Scores> scores) {
    return scores
        .flatMap(Scores::correlation)
        .map(found ->
            "The %s scores of %,d %s have a rank correlation of `%s` (Spearman) and `%s` (Kendall's tau-b)."
                .formatted(
                    findings.ranking(),
                    found.n(),
                    what,
                    CircuitWords.signed(found.spearman()),
                    CircuitWords.signed(found.kendall())));
  }

  private String readingOfRoc() {
    return "From left to right a lower and lower threshold takes more by %s score. The area under a line, AUC, is the chance that one of the reference scores more than one outside: 1 where the scores find it all first, 0.5 by chance. Lines are read off at steps of %d %%."
        .formatted(findings.ranking(), 100 / ComparisonCharts.STEPS);
  }

  private List<Block> edges(GraphComparison edges) {
    var blocks = new ArrayList<Block>();
    blocks.add(new Section("The edges"));
    int before = blocks.size();
    table("Edges only here", edges.onlyHere()).ifPresent(blocks::add);
    table("Edges only there", edges.onlyThere()).ifPresent(blocks::add);
    if (blocks.size() == before) {
      blocks.add(new Prose("Both have the same edges."));
    }
    return blocks;
  }

  private Optional<Table> table(String title, EdgeSet edges) {
    if (edges.size() == 0) {
      return Optional.empty();
    }
    var mine = findings.here().graph().orElseThrow().scores();
    var theirs = findings.there().graph().orElseThrow().scores();
    var strongest =
        edges
            .numbers()
            .boxed()
            .sorted(
                Comparator.comparingDouble((Integer edge) ->
                    -Math.max(Math.abs(mine.score(edge)), Math.abs(theirs.score(edge)))))
            .limit(LISTED)
            .toList();
    double most =
        strongest.stream()
            .mapToDouble(edge -> Math.max(Math.abs(mine.score(edge)), Math.abs(theirs.score(edge))))
            .max()
            .orElse(0);
    int decimals = Math.clamp(Numbers.decimals(most) + 1L, 3, 12);
    var table =
        Table.titled(
            edges.size() > LISTED
                ? "%s, the strongest %d of %,d".formatted(title, LISTED, edges.size())
                : title,
            Column.label("edge").explained("<q>, <k>, <v>: which input of a head"),
            Column.signed("score here", decimals),
            Column.signed("score there", decimals));
    strongest.forEach(edge ->
        table.row(
            Cell.of(edges.shape().edge(edge).toString()),
            Cell.of(mine.score(edge)),
            Cell.of(theirs.score(edge))));
    return Optional.of(table.build());
  }
}
