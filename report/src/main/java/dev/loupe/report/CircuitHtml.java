package dev.loupe.report;

import dev.loupe.report.CircuitGraph.Edge;
import dev.loupe.report.CircuitGraph.Kind;
import dev.loupe.report.CircuitGraph.Node;
import dev.loupe.report.CircuitLayout.Box;
import dev.loupe.report.CircuitLayout.Point;
import dev.loupe.report.CircuitRows.Band;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Write a circuit as a drawing that needs no script, with its numbers folded below. Scripts find
 * nodes and edges by their numbers.
 */
final class CircuitHtml {
  private static final double HALF = CircuitRows.NODE_HEIGHT / 2;
  private static final int MANY = 60;

  private record Joint(int from, int to, double weight, String explanation) {}

  private record Data(
      String title, List<Node> nodes, List<Joint> edges, List<List<Integer>> rows) {}

  private final CircuitGraph graph;
  private final CircuitLayout layout;
  private final List<String> groups;
  private final double heaviest;
  private final int decimals;
  private final boolean alike;
  private final HtmlOut out;

  private CircuitHtml(CircuitGraph graph, HtmlOut out) {
    this.graph = graph;
    this.layout = CircuitLayout.of(graph);
    this.groups = graph.groups();
    this.heaviest = graph.heaviest();
    this.decimals = graph.decimals();
    this.alike = graph.edges().stream().allMatch(edge -> Math.abs(edge.weight()) == heaviest);
    this.out = out;
  }

  static void write(CircuitGraph graph, HtmlOut out) {
    new CircuitHtml(graph, out).write();
  }

  private void write() {
    int edges = graph.edges().size();
    String size =
        counted(graph.nodes().size(), "node") + (edges == 0 ? "" : ", " + counted(edges, "edge"));
    out.openChart("circuit", graph.title(), size + " in " + counted(graph.layers(), "layer"));
    legend();
    drawing(graph.title() + ": " + size + ", the input below, the logits above");
    out.line("<details><summary>Numbers</summary><div class=\"numbers scroll\">");
    nodeTable();
    if (edges > 0) {
      edgeTable();
    }
    out.line("</div></details>");
    var places = graph.places();
    out.closeChart(
        new Data(
            graph.title(),
            graph.nodes(),
            graph.edges().stream()
                .map(e ->
                    new Joint(
                        places.getOrDefault(e.from(), 0),
                        places.getOrDefault(e.to(), 0),
                        Numbers.rounded(e.weight()),
                        e.explanation()))
                .toList(),
            layout.order()));
  }

  private static String counted(int count, String what) {
    return count + " " + what + (count == 1 ? "" : "s");
  }

  private void legend() {
    out.line("<ul class=\"circuit-legend\">");
    for (int group = 0; group < groups.size(); group++) {
      key(18, badge(Kind.HEAD, group, 9, 9), groups.get(group));
    }
    for (Kind kind : List.of(Kind.HEAD, Kind.MLP)) {
      if (graph.nodes().stream().anyMatch(node -> node.kind() == kind)) {
        key(26, body(kind, -1, 13, 9, 24, 14), kind.text());
      }
    }
    double most = graph.edges().stream().mapToDouble(Edge::weight).max().orElse(0);
    double least = graph.edges().stream().mapToDouble(Edge::weight).min().orElse(0);
    if (most > 0) {
      key(26, line("M1 9H25", most), "positive, up to " + weight(most));
    }
    if (least < 0) {
      key(26, line("M1 9H25", least), "negative, down to " + weight(least));
    }
    out.line("</ul>");
  }

  private void key(int width, String drawing, String name) {
    out.line(
        "<li><svg width=\"%1$d\" height=\"18\" viewBox=\"0 0 %1$d 18\" aria-hidden=\"true\">%2$s</svg>"
            + " <span>%3$s</span></li>",
        width, drawing, Html.escape(name));
  }

  private void drawing(String words) {
    String width = px(Math.ceil(layout.width()));
    String height = px(Math.ceil(layout.rows().height()));
    out.line("<div class=\"stage\">");
    out.line(
        "<svg class=\"circuit\" role=\"img\"%s width=\"%s\" height=\"%s\" viewBox=\"0 0 %s %s\">",
        HtmlOut.attribute("aria-label", words), width, height, width, height);
    layout.rows().bands().forEach(this::band);
    boolean faint = graph.edges().size() > MANY;
    out.line(
        "<g fill=\"none\" stroke-linecap=\"round\" stroke-opacity=\"%s\">", faint ? "0.6" : "0.85");
    IntStream.range(0, graph.edges().size())
        .boxed()
        .sorted(Comparator.comparingDouble(edge -> Math.abs(graph.edges().get(edge).weight())))
        .forEach(this::edge);
    out.line("</g>");
    out.line("<g font-family=\"ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace\">");
    IntStream.range(0, graph.nodes().size()).forEach(this::node);
    out.line("</g><g class=\"layers\">");
    out.line(
        "<rect class=\"veil\" x=\"-6\" width=\"%s\" height=\"%s\" fill=\"%s\"/>",
        px(CircuitLayout.LEFT), height, Ink.GROUND);
    layout.rows().bands().forEach(this::layers);
    out.line("</g></svg></div>");
  }

  private void band(Band band) {
    double middle = band.top() + band.height() / 2;
    double right = layout.width();
    if (band.used()) {
      out.line(
          "<rect class=\"band\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" rx=\"6\" fill=\"#f6f7f9\"/>",
          px(CircuitLayout.LEFT - 6),
          px(band.top()),
          px(right - CircuitLayout.LEFT + 6),
          px(band.height()));
    } else {
      out.line(
          "<path class=\"rule\" d=\"M%s %sH%s\" stroke=\"%s\" stroke-dasharray=\"2 5\"/>",
          px(CircuitLayout.LEFT), px(middle), px(right), Ink.RULE);
    }
  }

  /** Write a band's layers; a ground keeps them legible where the drawing is moved below them. */
  private void layers(Band band) {
    double middle = band.top() + band.height() / 2;
    String numbers =
        band.first() == band.last() ? "L" + band.first() : "L" + band.first() + "–" + band.last();
    out.line(
        "<text class=\"layer\" x=\"%s\" y=\"%s\" text-anchor=\"end\" dominant-baseline=\"central\""
            + " font-size=\"%s\" fill=\"%s\">%s</text>",
        px(CircuitLayout.LEFT - 12),
        px(middle),
        band.used() ? "12" : numbers.length() > 5 ? "9" : "10",
        Ink.MUTED,
        numbers);
  }

  private void edge(int index) {
    Edge edge = graph.edges().get(index);
    String words = edge.from() + " → " + edge.to() + " " + weight(edge.weight());
    String more = edge.explanation().isBlank() ? "" : "\n" + edge.explanation();
    out.line(
        "<g data-edge=\"%d\"><title>%s</title>%s</g>",
        index, Html.escape(words + more), line(path(layout.routes().get(index)), edge.weight()));
  }

  /** Return a curve that leaves and enters rows upright. */
  private static String path(List<Point> points) {
    StringBuilder d = new StringBuilder("M" + at(points.getFirst()));
    Point from = points.getFirst();
    for (int i = 1; i < points.size(); i++) {
      boolean last = i == points.size() - 1;
      Point way = points.get(i);
      Point to = last ? way : new Point(way.x(), way.y() + HALF);
      double bend = (from.y() - to.y()) / 2;
      d.append("C").append(at(new Point(from.x(), from.y() - bend)));
      d.append(" ").append(at(new Point(to.x(), to.y() + bend)));
      d.append(" ").append(at(to));
      if (!last) {
        from = new Point(way.x(), way.y() - HALF);
        d.append("V").append(px(from.y()));
      }
    }
    return d.toString();
  }

  private String line(String path, double weight) {
    boolean negative = weight < 0;
    return "<path class=\"edge %s\" d=\"%s\" stroke=\"%s\" stroke-width=\"%s\"%s/>"
        .formatted(
            negative ? "negative" : "positive",
            path,
            negative ? Ink.NEGATIVE : Ink.POSITIVE,
            px(thickness(weight)),
            negative ? " stroke-dasharray=\"7 5\"" : "");
  }

  /** Return how wide an edge is: all alike where all weigh the same. */
  private double thickness(double weight) {
    return alike ? 1.75 : 1 + 4 * Math.abs(weight) / heaviest;
  }

  private void node(int index) {
    Node node = graph.nodes().get(index);
    Box box = layout.boxes().get(index);
    int group = groups.indexOf(node.group());
    double left = box.x() - box.width() / 2;
    String words = node.id() + (group < 0 ? "" : ", " + node.group());
    String more = node.explanation().isBlank() ? "" : "\n" + node.explanation();
    double text = group < 0 ? box.x() : (left + 22 + box.x() + box.width() / 2 - 4) / 2;
    out.line(
        "<g class=\"node\" data-node=\"%d\"><title>%s</title>%s%s%s</g>",
        index,
        Html.escape(words + more),
        body(node.kind(), group, box.x(), box.y(), box.width(), CircuitRows.NODE_HEIGHT),
        group < 0 ? "" : badge(node.kind(), group, left + HALF, box.y()),
        text(text, box.y(), "name", 12, Ink.TEXT, layout.rows().names().get(index)));
  }

  private static String body(
      Kind kind, int group, double x, double y, double width, double height) {
    String paint =
        "class=\"body %s\" fill=\"%s\" stroke=\"%s\" stroke-width=\"1.5\""
            .formatted(
                group < 0 ? "plain" : "series-" + Ink.slot(group),
                Ink.GROUND,
                group < 0 ? Ink.MUTED : Ink.series(group));
    double left = x - width / 2;
    double top = y - height / 2;
    return switch (kind) {
      case HEAD, MLP ->
          "<rect %s x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" rx=\"%s\"/>"
              .formatted(
                  paint,
                  px(left),
                  px(top),
                  px(width),
                  px(height),
                  kind == Kind.HEAD ? px(height / 2) : "0");
      case INPUT, LOGITS ->
          "<path %s d=\"M%s %sl7 %sh%sl7 %sl-7 %sh%sz\"/>"
              .formatted(
                  paint,
                  px(left),
                  px(y),
                  px(-height / 2),
                  px(width - 14),
                  px(height / 2),
                  px(height / 2),
                  px(14 - width));
    };
  }

  private static String badge(Kind kind, int group, double x, double y) {
    String letter = CircuitGraph.letter(group);
    return "<rect class=\"badge series-%d\" fill=\"%s\" x=\"%s\" y=\"%s\" width=\"16\" height=\"16\" rx=\"%s\"/>%s"
        .formatted(
            Ink.slot(group),
            Ink.series(group),
            px(x - 8),
            px(y - 8),
            kind == Kind.HEAD ? "8" : "2",
            text(x, y, "letter", letter.length() > 1 ? 9 : 11, Ink.GROUND, letter));
  }

  private static String text(
      double x, double y, String css, int size, String fill, String content) {
    return ("<text class=\"%s\" x=\"%s\" y=\"%s\" text-anchor=\"middle\" dominant-baseline=\"central\""
            + " font-size=\"%d\" fill=\"%s\"%s>%s</text>")
        .formatted(
            css,
            px(x),
            px(y),
            size,
            fill,
            css.equals("letter") ? " font-weight=\"700\"" : "",
            Html.escape(content));
  }

  private void nodeTable() {
    boolean explained = graph.nodes().stream().anyMatch(node -> !node.explanation().isBlank());
    out.line("<table><caption>Nodes</caption><thead><tr>");
    out.head("node", false);
    out.head("kind", false);
    out.head("layer", true);
    if (!groups.isEmpty()) {
      out.head("group", false);
    }
    if (explained) {
      out.head("what it is", false);
    }
    out.line("</tr></thead><tbody>");
    for (Node node : graph.nodes()) {
      boolean inside = node.layer() >= 0 && node.layer() < graph.layers();
      out.add(
          "<tr><th scope=\"row\">%s</th><td>%s</td><td class=\"number\">%s</td>",
          Html.escape(node.id()), node.kind().text(), inside ? node.layer() : "");
      if (!groups.isEmpty()) {
        out.add("<td>%s</td>", Html.escape(node.group()));
      }
      out.line(explained ? "<td>%s</td></tr>" : "</tr>", Html.escape(node.explanation()));
    }
    out.line("</tbody></table>");
  }

  private void edgeTable() {
    boolean explained = graph.edges().stream().anyMatch(edge -> !edge.explanation().isBlank());
    out.line("<table><caption>Edges</caption><thead><tr>");
    out.head("from", false);
    out.head("to", false);
    out.head("weight", true);
    if (explained) {
      out.head("what it is", false);
    }
    out.line("</tr></thead><tbody>");
    graph.edges().stream()
        .sorted(Comparator.comparingDouble((Edge edge) -> -Math.abs(edge.weight())))
        .forEach(edge -> {
          out.add(
              "<tr><th scope=\"row\">%s</th><td>%s</td><td class=\"number\">%s</td>",
              Html.escape(edge.from()), Html.escape(edge.to()), Numbers.exact(edge.weight()));
          out.line(explained ? "<td>%s</td></tr>" : "</tr>", Html.escape(edge.explanation()));
        });
    out.line("</tbody></table>");
  }

  private String weight(double weight) {
    return Numbers.fixed(weight, decimals, true);
  }

  private static String at(Point point) {
    return px(point.x()) + " " + px(point.y());
  }

  /** Return a length in pixels, short. */
  private static String px(double value) {
    String text = String.format(Locale.ROOT, "%.1f", value);
    return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
  }
}
