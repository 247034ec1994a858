package dev.loupe.report;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.graph.EdgeScores;
import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.graph.ScoredGraph;
import dev.loupe.lens.Head;
import dev.loupe.study.circuits.CircuitFile;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Shows what a file of a circuit holds: as charts of a terminal, and as a page. */
public final class CircuitFilePage {
  private static final int LISTED = 30;
  private static final String UNIT = "as the file has it";

  private final CircuitFile file;

  /** Takes the file that is shown. */
  public CircuitFilePage(CircuitFile file) {
    this.file = file;
  }

  /**
   * Return the circuit drawn; of many edges the strongest. A list of nodes is drawn without lines,
   * and a file of scores alone by its strongest edges.
   */
  public CircuitGraph graph() {
    return drawn().map(edges -> graph(new CircuitDrawing(edges, scores()))).orElseGet(this::nodes);
  }

  /**
   * Return it in the language of Graphviz: all edges of a circuit, the strongest of a file that has
   * scores alone.
   */
  public String dot() {
    return file.graph()
        .filter(CircuitFilePage::hasCircuit)
        .map(graph -> graph(new CircuitDrawing(graph.edges(), scores(), Integer.MAX_VALUE)))
        .orElseGet(this::graph)
        .dot();
  }

  /** Return the drawing of the edges of a model, with how to read it. */
  List<Block> graph(EdgeSet edges) {
    if (file.graph().isEmpty()) {
      return List.of(
          nodes(),
          new Prose(
              "The file names nodes: the circuit has all edges between them and from them to the"
                  + " logits, which are not drawn."));
    }
    var drawing = new CircuitDrawing(edges, scores());
    return List.of(graph(drawing), new Prose(drawing.reading("The circuit")));
  }

  private CircuitGraph graph(CircuitDrawing drawing) {
    return drawing.graph(title(), file.nodes().nodes(), this::group, this::told);
  }

  /** Return the edges that are drawn: those of the circuit, all of a file that has scores alone. */
  private Optional<EdgeSet> drawn() {
    return file.graph()
        .map(graph -> hasCircuit(graph) ? graph.edges() : EdgeSet.all(graph.shape()));
  }

  private static boolean hasCircuit(ScoredGraph graph) {
    return graph.edges().size() > 0;
  }

  private Optional<EdgeScores> scores() {
    return file.graph().map(ScoredGraph::scores);
  }

  private CircuitGraph nodes() {
    int layers =
        file.shape()
            .map(GraphShape::layers)
            .orElseGet(() ->
                1 + file.nodes().nodes().stream().mapToInt(CircuitNode::layer).max().orElse(0));
    var nodes = new ArrayList<CircuitGraph.Node>();
    for (var node : file.nodes().nodes()) {
      nodes.add(CircuitGraph.Node.of(node, group(node), told(node)));
    }
    nodes.add(CircuitDrawing.logits(layers));
    return new CircuitGraph(title(), Math.max(1, layers), nodes, List.of());
  }

  private String group(CircuitNode node) {
    return node instanceof CircuitNode.OfHead(Head head)
        ? file.published().flatMap(published -> published.classOf(head)).orElse("")
        : "";
  }

  private String told(CircuitNode node) {
    return file.nodeScores()
        .map(scores -> "score " + CircuitWords.signed(scores.score(node)))
        .orElse("");
  }

  private String title() {
    return CircuitWords.file(file.name());
  }

  /** Return the strongest edges; empty of a list of nodes. */
  public Optional<Table> strongestEdges(int n) {
    return drawn().filter(edges -> edges.size() > 0).map(edges -> strongest(edges, n));
  }

  private Table strongest(EdgeSet edges, int n) {
    var scores = scores().orElseThrow();
    var shown =
        edges
            .numbers()
            .boxed()
            .sorted(Comparator.comparingDouble((Integer edge) -> -Math.abs(scores.score(edge))))
            .limit(n)
            .toList();
    double most = Math.abs(scores.score(shown.getFirst()));
    int decimals = Math.clamp(Numbers.decimals(most) + 1L, 3, 12);
    var table =
        Table.titled(
            "The strongest edges",
            Column.label("edge").explained("<q>, <k>, <v>: which input of a head"),
            Column.signed("score", decimals).explained(UNIT));
    shown.forEach(edge ->
        table.row(Cell.of(edges.shape().edge(edge).toString()), Cell.of(scores.score(edge))));
    return table.build();
  }

  /** Return the scores of all heads and MLPs, where the file has them. */
  public Optional<Heatmap> heatmap() {
    return file.nodeScores()
        .map(scores -> NodeMaps.of("The score of each head and MLP", scores, UNIT));
  }

  /** Return what a terminal shows. */
  public List<Block> highlights() {
    var blocks = new ArrayList<Block>();
    blocks.add(graph());
    return blocks;
  }

  /**
   * Return the whole page.
   *
   * @param again what to type to get it again
   * @param facts what else belongs to the provenance, in reading order
   */
  public HtmlReport page(String again, Map<String, String> facts) {
    var blocks = new ArrayList<Block>();
    blocks.add(new Section("The circuit"));
    blocks.add(graph());
    blocks.add(new Prose(reading()));
    if (heatmap().isPresent() || file.graph().isPresent()) {
      blocks.add(new Section("Scores"));
      heatmap().ifPresent(blocks::add);
      strongestEdges(LISTED).ifPresent(blocks::add);
    }
    var own = new LinkedHashMap<String, String>();
    own.put("file", file.name());
    file.nodes().metadata().entrySet().stream()
        .filter(entry -> !(entry.getValue() instanceof Map || entry.getValue() instanceof List))
        .forEach(entry -> own.put(entry.getKey(), entry.getValue().toString()));
    own.putAll(facts);
    return HtmlReport.titled("Circuit " + title())
        .withSummary(summary())
        .add(blocks.toArray(Block[]::new))
        .ending(List.of(), again, Provenance.of(own));
  }

  private String summary() {
    var nodes = CircuitWords.count(file.nodes().nodes().size(), "node");
    return file.graph()
        .map(graph ->
            hasCircuit(graph)
                ? "%s of %,d, between %s."
                    .formatted(
                        CircuitWords.count(graph.edges().size(), "edge"),
                        graph.shape().edges(),
                        nodes)
                : "Scores of all %,d edges; no circuit is chosen.".formatted(graph.shape().edges()))
        .orElse("A list of " + nodes + ".");
  }

  private String reading() {
    return file.graph()
        .map(graph ->
            new CircuitDrawing(drawn().orElseThrow(), scores())
                .reading(hasCircuit(graph) ? "The circuit" : "The model"))
        .orElse(
            file.published()
                    .map(published ->
                        "Colours and letters are the classes of %s. ".formatted(published.source()))
                    .orElse("")
                + "The file names nodes alone, so no lines are drawn.");
  }
}
