package dev.loupe.report;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Write a circuit in the language of Graphviz. */
final class CircuitDot {
  private CircuitDot() {}

  static String of(CircuitGraph graph) {
    StringBuilder out = new StringBuilder();
    out.append("digraph ").append(quoted(graph.title())).append(" {\n");
    out.append("  graph [rankdir=BT, labelloc=t, fontname=\"Helvetica\", label=")
        .append(quoted(graph.title()))
        .append("];\n  node [fontname=\"Helvetica\", fontsize=11, penwidth=1.5];\n");
    out.append("  edge [fontname=\"Helvetica\", fontsize=9];\n");
    for (CircuitGraph.Node node : graph.nodes()) {
      node(graph, node, out);
    }
    var byLayer =
        graph.nodes().stream()
            .filter(node -> node.kind() == CircuitGraph.Kind.HEAD)
            .collect(
                Collectors.groupingBy(CircuitGraph.Node::layer, TreeMap::new, Collectors.toList()));
    for (List<CircuitGraph.Node> heads : byLayer.values()) {
      String ids =
          heads.stream().map(head -> quoted(head.id()) + ";").collect(Collectors.joining(" "));
      out.append("  { rank=same; ").append(ids).append(" }\n");
    }
    graph.edges().stream()
        .sorted(Comparator.comparingDouble((CircuitGraph.Edge e) -> -Math.abs(e.weight())))
        .forEach(edge -> edge(graph, edge, out));
    return out.append("}\n").toString();
  }

  private static void node(CircuitGraph graph, CircuitGraph.Node node, StringBuilder out) {
    String shape =
        switch (node.kind()) {
          case HEAD -> "ellipse";
          case MLP -> "box";
          case INPUT, LOGITS -> "octagon";
        };
    int group = graph.groups().indexOf(node.group());
    String label = group < 0 ? node.id() : node.id() + "\n" + node.group();
    String tip = node.explanation().isBlank() ? node.kind().text() : node.explanation();
    out.append("  ").append(quoted(node.id())).append(" [shape=").append(shape);
    out.append(", color=\"").append(group < 0 ? Ink.MUTED : Ink.series(group));
    out.append("\", label=").append(quoted(label)).append(", tooltip=").append(quoted(tip));
    out.append("];\n");
  }

  private static void edge(CircuitGraph graph, CircuitGraph.Edge edge, StringBuilder out) {
    boolean negative = edge.weight() < 0;
    double heaviest = graph.heaviest();
    double width = heaviest == 0 ? 1 : 1 + 4 * Math.abs(edge.weight()) / heaviest;
    String weight = Numbers.fixed(edge.weight(), graph.decimals(), true);
    String tip = edge.explanation().isBlank() ? weight : weight + " " + edge.explanation();
    out.append("  ").append(quoted(edge.from())).append(" -> ").append(quoted(edge.to()));
    out.append(" [penwidth=").append(String.format(Locale.ROOT, "%.2f", width));
    out.append(", color=\"").append(negative ? Ink.NEGATIVE : Ink.POSITIVE);
    out.append("\", style=").append(negative ? "dashed" : "solid");
    out.append(", label=").append(quoted(weight)).append(", tooltip=").append(quoted(tip));
    out.append("];\n");
  }

  /** Return a string of the language; a backslash would begin an escape of its labels. */
  private static String quoted(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (String line : text.split("\n", -1)) {
      out.append(out.length() > 1 ? "\\n" : "");
      out.append(VisibleText.of(line, true).replace("\\", "\\\\").replace("\"", "\\\""));
    }
    return out.append('"').toString();
  }
}
