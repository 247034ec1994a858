package dev.loupe.report;

import dev.loupe.circuit.CircuitNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Draw a circuit: its parts layer by layer, the input below and the logits above, and what passes
 * between them.
 *
 * @param title what it is
 * @param layers how many layers the model has, at least 1
 * @param nodes at least one, each id once
 * @param edges between them, from lower to upper; may be empty
 */
public record CircuitGraph(String title, int layers, List<Node> nodes, List<Edge> edges)
    implements Block {

  /**
   * Place a part of the model.
   *
   * @param id as the field writes it: {@code a9.h6}, {@code m3}, {@code input}, {@code logits}
   * @param layer its block, from 0; -1 of the input, the number of layers of the logits
   * @param kind what it is
   * @param group what it does, such as {@code name mover}; nodes of a group share a colour and a
   *     letter; may be empty
   * @param explanation what a reader learns when pointing at it; may be empty
   */
  public record Node(String id, int layer, Kind kind, String group, String explanation) {
    /** Refuse a blank id with {@link IllegalArgumentException}. */
    public Node {
      Check.notBlank("id of a node", id);
    }

    /** Place a node of a circuit. */
    public static Node of(CircuitNode node, String group, String explanation) {
      var kind =
          switch (node) {
            case CircuitNode.Input _ -> Kind.INPUT;
            case CircuitNode.OfHead _ -> Kind.HEAD;
            case CircuitNode.OfMlp _ -> Kind.MLP;
          };
      return new Node(node.toString(), node.layer(), kind, group, explanation);
    }

    /** Return how early it comes in the model: a head reads before the MLP of its layer. */
    private int rank() {
      return switch (kind) {
        case INPUT -> -1;
        case HEAD -> 2 * layer;
        case MLP -> 2 * layer + 1;
        case LOGITS -> Integer.MAX_VALUE;
      };
    }
  }

  /** Tell heads from MLPs and from the ends. */
  public enum Kind {
    INPUT("input"),
    HEAD("head"),
    MLP("MLP"),
    LOGITS("logits");

    private final String text;

    Kind(String text) {
      this.text = text;
    }

    /** Return its name in a sentence. */
    String text() {
      return text;
    }
  }

  /**
   * Join two parts.
   *
   * @param from id of the lower node
   * @param to id of the upper node
   * @param weight how much passes; its sign is shown by colour and dash, its size by width
   * @param explanation what a reader learns when pointing at it; may be empty
   */
  public record Edge(String from, String to, double weight, String explanation) {}

  /**
   * Copy the lists; refuse with {@link IllegalArgumentException} a graph of nothing, an id given
   * twice, a node outside the model, an edge that joins unknown nodes or does not lead upward (a
   * head comes before the MLP of its layer), and a weight that is not finite.
   */
  public CircuitGraph {
    Check.notBlank("title of a circuit", title);
    Check.that(
        layers >= 1, "circuit '" + title + "' has " + layers + " layers, expected at least 1");
    nodes = List.copyOf(nodes);
    edges = List.copyOf(edges);
    Check.notEmpty("nodes of '" + title + "'", nodes);
    Map<String, Node> known = new HashMap<>();
    for (Node node : nodes) {
      requirePlace(node, layers);
      Check.that(
          known.put(node.id(), node) == null,
          "node '" + node.id() + "' is given twice, expected each id once");
    }
    for (Edge edge : edges) {
      requireEdge(edge, known);
    }
  }

  private static void requirePlace(Node node, int layers) {
    int low =
        switch (node.kind()) {
          case INPUT -> -1;
          case HEAD, MLP -> 0;
          case LOGITS -> layers;
        };
    int high =
        switch (node.kind()) {
          case INPUT -> -1;
          case HEAD, MLP -> layers - 1;
          case LOGITS -> layers;
        };
    Check.that(
        node.layer() >= low && node.layer() <= high,
        "node '%s' (%s) is in layer %d, expected %s"
            .formatted(
                node.id(),
                node.kind().text(),
                node.layer(),
                low == high ? Integer.toString(low) : low + " to " + high));
  }

  private static void requireEdge(Edge edge, Map<String, Node> known) {
    String name = "edge '" + edge.from() + "' -> '" + edge.to() + "'";
    Node from = known.get(edge.from());
    Node to = known.get(edge.to());
    Check.that(from != null, name + " begins at a node that is not in the graph");
    Check.that(to != null, name + " ends at a node that is not in the graph");
    Check.that(
        from != null && to != null && from.rank() < to.rank(),
        name + " does not lead upward: expected a later layer, or from a head to its layer's MLP");
    Check.that(
        Double.isFinite(edge.weight()),
        name + " has weight " + edge.weight() + ", expected a finite number");
  }

  /** Return this graph in the language of Graphviz: the same text for the same graph. */
  public String dot() {
    return CircuitDot.of(this);
  }

  /** Return the groups in the order in which nodes name them. */
  List<String> groups() {
    return nodes.stream().map(Node::group).filter(group -> !group.isBlank()).distinct().toList();
  }

  /** Return the letter of a group: A to Z, then AA and so on. */
  static String letter(int group) {
    String last = Character.toString((char) ('A' + group % 26));
    return group < 26 ? last : letter(group / 26 - 1) + last;
  }

  /** Return where each id is in the list of nodes. */
  Map<String, Integer> places() {
    Map<String, Integer> places = new HashMap<>();
    for (int i = 0; i < nodes.size(); i++) {
      places.put(nodes.get(i).id(), i);
    }
    return places;
  }

  double heaviest() {
    return edges.stream().mapToDouble(edge -> Math.abs(edge.weight())).max().orElse(0);
  }

  /** Return the number of decimals in which weights are told apart. */
  int decimals() {
    return Numbers.decimals(heaviest());
  }
}
