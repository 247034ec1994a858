package dev.loupe.report;

import dev.loupe.report.CircuitGraph.Kind;
import dev.loupe.report.CircuitGraph.Node;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Decide which parts of a circuit stand in one row, how high each row is, and what is written on
 * nodes: in a layer the MLP above the heads, which it reads, where edges are drawn; else beside
 * them.
 */
final class CircuitRows {
  static final double NODE_HEIGHT = 24;
  static final double GAP = 8;

  /** What a page has room for. */
  static final double WIDEST = 824;

  private static final double BADGE = 19;
  private static final double PADDING = 13;
  private static final double LETTER = 7.3;
  private static final int LONGEST_NAME = 16;
  private static final double EMPTY_HEIGHT = 14;

  /**
   * Place layers.
   *
   * @param first the lowest of them
   * @param last the highest of them; another than the first only of empty ones
   * @param top from the top, in pixels
   * @param height downward, in pixels
   * @param used whether there are nodes
   */
  record Band(int first, int last, double top, double height, boolean used) {}

  /**
   * Stand side by side.
   *
   * @param layer as nodes have it
   * @param nodes their places in the graph's list, in natural order
   */
  record Row(int layer, List<Integer> nodes) {}

  private final CircuitGraph graph;
  private final boolean linked;
  private final List<String> names;
  private final double nodeWidth;
  private final List<Row> rows;
  private final List<Band> bands = new ArrayList<>();
  private final double[] middles;
  private final int[] rowOf;
  private double height = 2;

  CircuitRows(CircuitGraph graph) {
    this.graph = graph;
    linked = !graph.edges().isEmpty();
    List<String> ids = cut(graph.nodes().stream().map(Node::id));
    boolean tight = widestLayer() * (width(ids) + GAP) > WIDEST;
    names = tight ? cut(graph.nodes().stream().map(CircuitRows::shortName)) : ids;
    nodeWidth = width(names);
    rows = rows((int) Math.max(3, WIDEST / (nodeWidth + GAP)));
    middles = new double[rows.size()];
    rowOf = new int[graph.nodes().size()];
    IntStream.range(0, rows.size())
        .forEach(row -> rows.get(row).nodes().forEach(node -> rowOf[node] = row));
    stack();
  }

  /** Return the rows from the bottom up. */
  List<Row> rows() {
    return rows;
  }

  /** Return the bands from the top down; the input and the logits have none. */
  List<Band> bands() {
    return bands;
  }

  /** Return what is written on each node: its id, or less where a layer has many. */
  List<String> names() {
    return names;
  }

  double nodeWidth() {
    return nodeWidth;
  }

  double height() {
    return height;
  }

  int rowOf(int node) {
    return rowOf[node];
  }

  /** Return how far below the top the middle of a row is. */
  double middle(int row) {
    return middles[row];
  }

  /** Return the width in which every name has room, beside a badge where its node has a group. */
  private double width(List<String> names) {
    return IntStream.range(0, names.size())
        .mapToDouble(i -> {
          double badge = graph.nodes().get(i).group().isBlank() ? 0 : BADGE;
          return Math.ceil(Math.max(2, VisibleText.width(names.get(i))) * LETTER) + badge + PADDING;
        })
        .max()
        .orElse(0);
  }

  private static List<String> cut(Stream<String> names) {
    return names
        .map(name -> VisibleText.cut(VisibleText.of(name, true), LONGEST_NAME, true))
        .toList();
  }

  /** Return {@code h6} for {@code a9.h6}: its band says the layer. */
  private static String shortName(Node node) {
    String layer = "a" + node.layer() + ".";
    return node.id().startsWith(layer) ? node.id().substring(layer.length()) : node.id();
  }

  private int widestLayer() {
    return IntStream.range(0, graph.layers())
        .map(layer -> nodes(n -> n.layer() == layer && (!linked || n.kind() == Kind.HEAD)).size())
        .max()
        .orElse(1);
  }

  private List<Integer> nodes(Predicate<Node> wanted) {
    return IntStream.range(0, graph.nodes().size())
        .filter(i -> wanted.test(graph.nodes().get(i)))
        .boxed()
        .sorted(
            Comparator.comparing((Integer i) -> graph.nodes().get(i).kind())
                .thenComparingInt(i -> graph.nodes().get(i).id().length())
                .thenComparing(i -> graph.nodes().get(i).id()))
        .toList();
  }

  private List<Row> rows(int most) {
    List<Row> made = new ArrayList<>();
    for (int at = -1; at <= graph.layers(); at++) {
      int layer = at;
      Stream<List<Integer>> lines =
          linked
              ? Stream.of(Kind.values())
                  .map(kind -> nodes(node -> node.layer() == layer && node.kind() == kind))
              : Stream.of(nodes(node -> node.layer() == layer));
      lines.flatMap(line -> split(line, most)).forEach(line -> made.add(new Row(layer, line)));
    }
    return List.copyOf(made);
  }

  /** Return a line that is too long in parts of about one length. */
  private static Stream<List<Integer>> split(List<Integer> line, int most) {
    int parts = (line.size() + most - 1) / most;
    return IntStream.range(0, parts)
        .mapToObj(i -> line.subList(i * line.size() / parts, (i + 1) * line.size() / parts));
  }

  /** Set bands one below the other, and the rows in them. */
  private void stack() {
    double between = linked ? Math.clamp(20 + graph.edges().size() / 6, 24, 44) : 4;
    height += between / 2;
    int row = rows.size() - 1;
    int layer = graph.layers();
    while (layer >= -1) {
      int next = row < 0 ? -2 : rows.get(row).layer();
      if (next < layer) {
        int last = Math.min(layer, graph.layers() - 1);
        int first = Math.max(0, next + 1);
        if (first <= last) {
          height -= between / 2;
          bands.add(new Band(first, last, height, EMPTY_HEIGHT, false));
          height += EMPTY_HEIGHT + between / 2;
        }
        layer = next;
      } else {
        row = band(row, layer);
        height += between;
        layer--;
      }
    }
    height += 2 - between / 2;
  }

  /** Set the rows of a layer from the uppermost down and return the one after them. */
  private int band(int uppermost, int layer) {
    double inside = linked ? 26 : 5;
    double padding = linked ? 7 : 5;
    double top = height;
    int row = uppermost;
    height += padding;
    for (; row >= 0 && rows.get(row).layer() == layer; row--) {
      middles[row] = height + NODE_HEIGHT / 2;
      height += NODE_HEIGHT + inside;
    }
    height += padding - inside;
    if (layer >= 0 && layer < graph.layers()) {
      bands.add(new Band(layer, layer, top, height - top, true));
    }
    return row;
  }
}
