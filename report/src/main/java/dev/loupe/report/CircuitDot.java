package dev.loupe.report;

import dev.loupe.report.CircuitGraph.Edge;
import dev.loupe.report.CircuitGraph.Node;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Write a circuit in the language of Graphviz. */
final class CircuitDot {
  private final CircuitGraph graph;
  private final List<String> groups;
  private final double heaviest;
  private final int decimals;
  private final StringBuilder out = new StringBuilder();

  private CircuitDot(CircuitGraph graph) {
    this.graph = graph;
    groups = graph.groups();
    heaviest = graph.heaviest();
    decimals = graph.decimals();
  }

  static String of(CircuitGraph graph) {
    return new CircuitDot(graph).text();
  }

  private String text() {
    String title = quoted(graph.title());
    line("digraph %s {", title);
    line("  graph [rankdir=BT, labelloc=t, fontname=\"Helvetica\", label=%s];", title);
    line("  node [fontname=\"Helvetica\", fontsize=11, penwidth=1.5];");
    line("  edge [fontname=\"Helvetica\", fontsize=9];");
    graph.nodes().forEach(this::node);
    graph.nodes().stream()
        .filter(node -> node.kind() == CircuitGraph.Kind.HEAD)
        .collect(Collectors.groupingBy(Node::layer, TreeMap::new, Collectors.toList()))
        .forEach((_, heads) -> line("  { rank=same; %s }", ids(heads)));
    graph.edges().stream()
        .sorted(Comparator.comparingDouble((Edge edge) -> -Math.abs(edge.weight())))
        .forEach(this::edge);
    line("}");
    return out.toString();
  }

  private void node(Node node) {
    String shape =
        switch (node.kind()) {
          case HEAD -> "ellipse";
          case MLP -> "box";
          case INPUT, LOGITS -> "octagon";
        };
    int group = groups.indexOf(node.group());
    String label = group < 0 ? node.id() : node.id() + "\n" + node.group();
    String tip = node.explanation().isBlank() ? node.kind().text() : node.explanation();
    line(
        "  %s [shape=%s, color=\"%s\", label=%s, tooltip=%s];",
        quoted(node.id()),
        shape,
        group < 0 ? Ink.MUTED : Ink.series(group),
        quoted(label),
        quoted(tip));
  }

  private void edge(Edge edge) {
    boolean negative = edge.weight() < 0;
    String weight = Numbers.fixed(edge.weight(), decimals, true);
    line(
        "  %s -> %s [penwidth=%.2f, color=\"%s\", style=%s, label=%s, tooltip=%s];",
        quoted(edge.from()),
        quoted(edge.to()),
        heaviest == 0 ? 1 : 1 + 4 * Math.abs(edge.weight()) / heaviest,
        negative ? Ink.NEGATIVE : Ink.POSITIVE,
        negative ? "dashed" : "solid",
        quoted(weight),
        quoted(edge.explanation().isBlank() ? weight : weight + " " + edge.explanation()));
  }

  private static String ids(List<Node> nodes) {
    return nodes.stream().map(node -> quoted(node.id()) + ";").collect(Collectors.joining(" "));
  }

  @SuppressWarnings("AnnotateFormatMethod") // the annotation would be one more dependency
  private void line(String format, Object... values) {
    out.append(String.format(Locale.ROOT, format, values)).append('\n');
  }

  /** Return a string of the language; a backslash would begin an escape of its labels. */
  private static String quoted(String text) {
    return text.lines()
        .map(line -> VisibleText.of(line, true).replace("\\", "\\\\").replace("\"", "\\\""))
        .collect(Collectors.joining("\\n", "\"", "\""));
  }
}
