package dev.loupe.report;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.graph.Edge;
import dev.loupe.circuit.graph.EdgeScores;
import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.EdgeTarget;
import dev.loupe.circuit.graph.GraphShape;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Draws the edges of a circuit, the strongest of many. Edges from one node into several inputs of a
 * head are one line.
 */
final class CircuitDrawing {
  /** More lines than this no eye tells apart. */
  static final int MOST = 120;

  private static final String LOGITS = "logits";

  private final GraphShape shape;
  private final Optional<EdgeScores> scores;
  private final List<Line> lines;
  private final List<Line> drawn;

  /** A line: the edges from a node to another, the strongest first. */
  private record Line(CircuitNode from, Optional<CircuitNode> to, List<Integer> edges) {
    String end() {
      return to.map(CircuitNode::toString).orElse(LOGITS);
    }
  }

  /**
   * Takes a circuit.
   *
   * @param scores what lines are as wide as; without them all are alike
   */
  CircuitDrawing(EdgeSet edges, Optional<EdgeScores> scores) {
    this(edges, scores, MOST);
  }

  /** Takes a circuit of which at most so many lines are drawn. */
  CircuitDrawing(EdgeSet edges, Optional<EdgeScores> scores, int most) {
    shape = edges.shape();
    this.scores = scores;
    Map<List<Object>, List<Integer>> between = new LinkedHashMap<>();
    edges
        .numbers()
        .boxed()
        .sorted(Comparator.comparingDouble((Integer edge) -> -Math.abs(score(edge))))
        .forEach(edge ->
            between.computeIfAbsent(ends(shape.edge(edge)), _ -> new ArrayList<>()).add(edge));
    lines = between.values().stream().map(this::line).toList();
    drawn = lines.stream().limit(most).toList();
  }

  private static List<Object> ends(Edge edge) {
    return List.of(edge.source(), reader(edge.target()));
  }

  private Line line(List<Integer> edges) {
    var edge = shape.edge(edges.getFirst());
    return new Line(edge.source(), reader(edge.target()), List.copyOf(edges));
  }

  /** Returns the node that reads by a target; none of the logits. */
  private static Optional<CircuitNode> reader(EdgeTarget target) {
    return switch (target) {
      case EdgeTarget.OfHead(var head, _) -> Optional.of(CircuitNode.of(head));
      case EdgeTarget.OfMlp(var layer) -> Optional.of(CircuitNode.mlp(layer));
      case EdgeTarget.Logits _ -> Optional.empty();
    };
  }

  private double score(int edge) {
    return scores.map(each -> each.score(edge)).orElse(1.0);
  }

  /**
   * Returns the drawing of a circuit; where not all lines are drawn, of what those join.
   *
   * @param nodes of the circuit, which are drawn where all lines are
   * @param group what a node does; may be empty
   * @param told what a reader learns of a node; may be empty
   */
  CircuitGraph graph(
      String title,
      List<CircuitNode> nodes,
      Function<CircuitNode, String> group,
      Function<CircuitNode, String> told) {
    var seen = new TreeSet<CircuitNode>(Comparator.naturalOrder());
    if (isWhole()) {
      seen.addAll(nodes);
    }
    drawn.forEach(line -> {
      seen.add(line.from());
      line.to().ifPresent(seen::add);
    });
    var parts = new ArrayList<CircuitGraph.Node>();
    seen.forEach(
        node -> parts.add(CircuitGraph.Node.of(node, group.apply(node), told.apply(node))));
    parts.add(logits(shape.layers()));
    return new CircuitGraph(title, shape.layers(), parts, drawn.stream().map(this::edge).toList());
  }

  static CircuitGraph.Node logits(int layers) {
    return new CircuitGraph.Node(LOGITS, layers, CircuitGraph.Kind.LOGITS, "", "the answer");
  }

  private boolean isWhole() {
    return drawn.size() == lines.size();
  }

  private CircuitGraph.Edge edge(Line line) {
    return new CircuitGraph.Edge(
        line.from().toString(),
        line.end(),
        score(line.edges().getFirst()),
        line.edges().stream().map(this::input).collect(Collectors.joining(", ")));
  }

  private String input(int edge) {
    var value =
        scores.map(each -> {
          double score = each.score(edge);
          return " " + Numbers.fixed(score, Numbers.decimals(Math.abs(score)) + 1, true);
        });
    return shape.edge(edge).target() + value.orElse("");
  }

  /**
   * Says what is drawn and how.
   *
   * @param what has the edges: {@code The circuit}
   */
  String reading(String what) {
    if (lines.isEmpty()) {
      return what + " has no edges.";
    }
    var text = new StringBuilder();
    int edges = lines.stream().mapToInt(line -> line.edges().size()).sum();
    text.append(
        isWhole()
            ? "All %,d edges are drawn. ".formatted(edges)
            : "%s has %,d edges. Only the strongest are drawn, %,d of them in %d lines, and the nodes that they join. "
                .formatted(
                    what,
                    edges,
                    drawn.stream().mapToInt(line -> line.edges().size()).sum(),
                    drawn.size()));
    text.append("Edges into the query, key and value of one head are one line");
    text.append(
        scores.isPresent()
            ? ", as wide as the strongest of them: blue where its score is positive, red and dashed"
                + " where it is negative. "
            : "; no scores are known, so all are as wide. ");
    return text.append("Point at a line or a node for its numbers.").toString();
  }
}
