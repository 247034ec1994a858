package dev.loupe.report;

import static dev.loupe.report.CircuitRows.GAP;
import static dev.loupe.report.CircuitRows.NODE_HEIGHT;
import static dev.loupe.report.CircuitRows.WIDEST;

import dev.loupe.report.CircuitGraph.Kind;
import dev.loupe.report.CircuitRows.Row;
import dev.loupe.report.RowPlacement.Link;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Decide where the parts of a circuit are drawn, in pixels: the logits at the top, the input at the
 * bottom. The same graph is always laid out the same.
 *
 * <p>A long edge has a waypoint in each row that it passes, so that it goes between nodes and not
 * behind them; where edges are too many for that, they run straight.
 */
final class CircuitLayout {
  /** How far from the left the bands begin; the numbers of the layers are before them. */
  static final double LEFT = 46;

  /** How far apart edges pass a row, the more of them the less. */
  private static final double[] WAYPOINTS = {11, 7, 4};

  private static final double NARROWEST = 264;

  /**
   * Place a node by its middle.
   *
   * @param x from the left
   * @param y from the top
   * @param width from side to side; all are {@link CircuitRows#NODE_HEIGHT} high
   */
  record Box(double x, double y, double width) {}

  record Point(double x, double y) {}

  private final CircuitGraph graph;
  private final CircuitRows rows;
  private final int[] from;
  private final int[] to;
  private final double room;
  private final List<Box> boxes;
  private final List<List<Point>> routes;

  private CircuitLayout(CircuitGraph graph) {
    this.graph = graph;
    rows = new CircuitRows(graph);
    var places = graph.places();
    from = graph.edges().stream().mapToInt(e -> places.getOrDefault(e.from(), -1)).toArray();
    to = graph.edges().stream().mapToInt(e -> places.getOrDefault(e.to(), -1)).toArray();
    double waypoint = waypoint();
    List<List<Integer>> ways = ways(waypoint > 0);
    double[] middles;
    if (graph.edges().isEmpty()) {
      middles = columns();
      double right = Arrays.stream(middles).max().orElse(0) + pitch() / 2;
      room = Math.max(NARROWEST, right);
    } else {
      List<List<Integer>> things = things(ways);
      double[] widths = new double[graph.nodes().size() + ways.stream().mapToInt(List::size).sum()];
      Arrays.fill(widths, waypoint);
      Arrays.fill(widths, 0, graph.nodes().size(), pitch());
      double widest =
          things.stream()
              .mapToDouble(row -> row.stream().mapToDouble(i -> widths[i]).sum())
              .max()
              .orElse(0);
      room = Math.max(NARROWEST, Math.min(1.15 * widest, Math.max(widest, WIDEST)));
      middles = RowPlacement.middles(things, widths, links(ways), room);
    }
    boxes =
        IntStream.range(0, graph.nodes().size())
            .mapToObj(i -> new Box(LEFT + middles[i], rows.middle(rows.rowOf(i)), rows.nodeWidth()))
            .toList();
    routes = routes(ways, middles);
  }

  static CircuitLayout of(CircuitGraph graph) {
    return new CircuitLayout(graph);
  }

  double width() {
    return LEFT + room;
  }

  /** Return how high the rows are and what is written in them. */
  CircuitRows rows() {
    return rows;
  }

  /** Return where each node is, in the graph's order. */
  List<Box> boxes() {
    return boxes;
  }

  /** Return the points of each edge, in the graph's order, from its lower to its upper end. */
  List<List<Point>> routes() {
    return routes;
  }

  /** Return the nodes of each row from left to right, rows from the top down. */
  List<List<Integer>> order() {
    return rows.rows().reversed().stream()
        .map(row ->
            row.nodes().stream()
                .sorted(Comparator.comparingDouble(node -> boxes.get(node).x()))
                .toList())
        .toList();
  }

  private double pitch() {
    return rows.nodeWidth() + GAP;
  }

  /** Return how much width a waypoint takes, or 0 if a row has no room for those in it. */
  private double waypoint() {
    int[] passing = new int[rows.rows().size()];
    for (int edge = 0; edge < from.length; edge++) {
      for (int row = rows.rowOf(from[edge]) + 1; row < rows.rowOf(to[edge]); row++) {
        passing[row]++;
      }
    }
    return Arrays.stream(WAYPOINTS)
        .filter(width ->
            IntStream.range(0, passing.length)
                .allMatch(row ->
                    rows.rows().get(row).nodes().size() * pitch() + passing[row] * width <= WIDEST))
        .findFirst()
        .orElse(0);
  }

  /** Return each edge's waypoints, numbered after the nodes, or none. */
  private List<List<Integer>> ways(boolean wanted) {
    List<List<Integer>> ways = new ArrayList<>();
    int next = graph.nodes().size();
    for (int edge = 0; edge < from.length; edge++) {
      List<Integer> way = new ArrayList<>();
      for (int row = rows.rowOf(from[edge]) + 1; wanted && row < rows.rowOf(to[edge]); row++) {
        way.add(next++);
      }
      ways.add(way);
    }
    return ways;
  }

  private List<List<Integer>> things(List<List<Integer>> ways) {
    List<List<Integer>> things =
        rows.rows().stream().<List<Integer>>map(row -> new ArrayList<>(row.nodes())).toList();
    for (int edge = 0; edge < from.length; edge++) {
      int row = rows.rowOf(from[edge]) + 1;
      for (int way : ways.get(edge)) {
        things.get(row++).add(way);
      }
    }
    return things;
  }

  private List<Link> links(List<List<Integer>> ways) {
    List<Link> links = new ArrayList<>();
    for (int edge = 0; edge < from.length; edge++) {
      int at = from[edge];
      for (int way : ways.get(edge)) {
        links.add(new Link(at, way));
        at = way;
      }
      links.add(new Link(at, to[edge]));
    }
    return links;
  }

  /**
   * Return places for a circuit without edges: heads from the left, MLPs in a column after them.
   */
  private double[] columns() {
    double[] middles = new double[graph.nodes().size()];
    int most = rows.rows().stream().mapToInt(this::heads).max().orElse(0);
    for (Row row : rows.rows()) {
      int heads = heads(row);
      for (int i = 0; i < row.nodes().size(); i++) {
        int column = kind(row.nodes().get(i)) == Kind.MLP ? most + i - heads : i;
        middles[row.nodes().get(i)] = (column + 0.5) * pitch();
      }
    }
    return middles;
  }

  private int heads(Row row) {
    return (int) row.nodes().stream().filter(node -> kind(node) == Kind.HEAD).count();
  }

  private Kind kind(int node) {
    return graph.nodes().get(node).kind();
  }

  private List<List<Point>> routes(List<List<Integer>> ways, double[] middles) {
    double[] leaves = new double[from.length];
    double[] arrives = new double[from.length];
    for (int edge = 0; edge < from.length; edge++) {
      List<Integer> way = ways.get(edge);
      leaves[edge] = middles[way.isEmpty() ? to[edge] : way.getFirst()];
      arrives[edge] = middles[way.isEmpty() ? from[edge] : way.getLast()];
    }
    double[] starts = ports(from, leaves);
    double[] ends = ports(to, arrives);
    List<List<Point>> made = new ArrayList<>();
    for (int edge = 0; edge < from.length; edge++) {
      Box low = boxes.get(from[edge]);
      Box high = boxes.get(to[edge]);
      List<Point> points = new ArrayList<>();
      points.add(new Point(low.x() + starts[edge], low.y() - NODE_HEIGHT / 2));
      int row = rows.rowOf(from[edge]) + 1;
      for (int way : ways.get(edge)) {
        points.add(new Point(LEFT + middles[way], rows.middle(row++)));
      }
      points.add(new Point(high.x() + ends[edge], high.y() + NODE_HEIGHT / 2));
      made.add(List.copyOf(points));
    }
    return List.copyOf(made);
  }

  /**
   * Return how far beside its node's middle each edge ends: over the node's side, in the order of
   * where they go.
   */
  private double[] ports(int[] ends, double[] towards) {
    double[] ports = new double[ends.length];
    for (int node = 0; node < graph.nodes().size(); node++) {
      int at = node;
      List<Integer> edges =
          IntStream.range(0, ends.length)
              .filter(edge -> ends[edge] == at)
              .boxed()
              .sorted(Comparator.comparingDouble(edge -> towards[edge]))
              .toList();
      double step = Math.min(7, (rows.nodeWidth() - NODE_HEIGHT) / Math.max(1, edges.size() - 1));
      for (int i = 0; i < edges.size(); i++) {
        ports[edges.get(i)] = (i - (edges.size() - 1) / 2.0) * step;
      }
    }
    return ports;
  }
}
