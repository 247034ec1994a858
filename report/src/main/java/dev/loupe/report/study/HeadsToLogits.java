package dev.loupe.report.study;

import dev.loupe.lens.Head;
import dev.loupe.report.CircuitGraph;
import dev.loupe.report.CircuitGraph.Edge;
import dev.loupe.report.CircuitGraph.Kind;
import dev.loupe.report.CircuitGraph.Node;
import java.util.ArrayList;
import java.util.List;

/** Draws what parts of a model write into the logits themselves. */
final class HeadsToLogits {
  private static final String LOGITS = "logits";

  private final int layers;
  private final List<Node> nodes = new ArrayList<>();
  private final List<Edge> edges = new ArrayList<>();

  HeadsToLogits(int layers) {
    this.layers = layers;
  }

  void add(Head head, String group, String explanation, double weight, String edge) {
    add(new Node(id(head), head.layer(), Kind.HEAD, group, explanation), weight, edge);
  }

  void addMlp(int layer, String explanation, double weight, String edge) {
    add(new Node("m" + layer, layer, Kind.MLP, "MLP", explanation), weight, edge);
  }

  private void add(Node node, double weight, String edge) {
    nodes.add(node);
    edges.add(new Edge(node.id(), LOGITS, weight, edge));
  }

  static String id(Head head) {
    return "a" + head.layer() + ".h" + head.index();
  }

  CircuitGraph graph(String title) {
    var all = new ArrayList<>(nodes);
    all.add(new Node(LOGITS, layers, Kind.LOGITS, "", "the answer at the last token"));
    return new CircuitGraph(title, layers, all, edges);
  }
}
