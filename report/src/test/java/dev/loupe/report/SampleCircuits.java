package dev.loupe.report;

import dev.loupe.report.CircuitGraph.Edge;
import dev.loupe.report.CircuitGraph.Kind;
import dev.loupe.report.CircuitGraph.Node;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;

/** Made-up circuits of several sizes, for tests and for looking at. */
final class SampleCircuits {
  private SampleCircuits() {}

  static Node input() {
    return new Node("input", -1, Kind.INPUT, "", "token and position embeddings");
  }

  static Node head(int layer, int head, String group) {
    return new Node("a" + layer + ".h" + head, layer, Kind.HEAD, group, "");
  }

  static Node mlp(int layer, String group) {
    return new Node("m" + layer, layer, Kind.MLP, group, "");
  }

  static Node logits(int layers) {
    return new Node("logits", layers, Kind.LOGITS, "", "");
  }

  static Edge edge(String from, String to, double weight) {
    return new Edge(from, to, weight, "");
  }

  /** Return ten nodes of a deep model, most of whose layers are empty. */
  static CircuitGraph ten() {
    return new CircuitGraph(
        "How the name is moved",
        24,
        List.of(
            input(),
            mlp(0, ""),
            head(3, 0, "duplicate token"),
            head(5, 5, "induction"),
            head(7, 3, "S-inhibition"),
            head(8, 6, "S-inhibition"),
            new Node("a9.h6", 9, Kind.HEAD, "name mover", "copies the name that END looks at"),
            head(9, 9, "name mover"),
            head(10, 7, "negative name mover"),
            logits(24)),
        List.of(
            edge("input", "m0", .8),
            edge("input", "a3.h0", .52),
            edge("m0", "a3.h0", .35),
            edge("m0", "a5.h5", .3),
            edge("a3.h0", "a7.h3", .22),
            edge("a5.h5", "a7.h3", .12),
            edge("a5.h5", "a8.h6", .41),
            new Edge("a7.h3", "a9.h6", .18, "through queries"),
            edge("a8.h6", "a9.h9", .31),
            edge("a8.h6", "a9.h6", .27),
            edge("a7.h3", "a10.h7", .11),
            edge("a9.h6", "logits", .63),
            edge("a9.h9", "logits", .9),
            edge("a10.h7", "logits", -.44),
            edge("a9.h9", "a10.h7", -.15),
            edge("m0", "logits", .05)));
  }

  /** Return 54 nodes of GPT-2 small. */
  static CircuitGraph gpt2(int edges) {
    Random random = new Random(1);
    List<Node> nodes = new ArrayList<>(List.of(input()));
    List<String> groups = List.of("S2 to S1", "END to S2", "END to IO", "filled up");
    for (int layer = 0; layer < 12; layer++) {
      if (layer != 3 && layer != 4) {
        nodes.add(mlp(layer, ""));
      }
    }
    while (nodes.size() < 54) {
      Node next = head(random.nextInt(12), random.nextInt(12), groups.get(random.nextInt(4)));
      if (nodes.stream().noneMatch(node -> node.id().equals(next.id()))) {
        nodes.add(next);
      }
    }
    return withEdges("54 nodes of GPT-2 small", nodes, edges, random);
  }

  /** Return every head and MLP of GPT-2 small. */
  static CircuitGraph whole(int edges) {
    List<Node> nodes = new ArrayList<>();
    for (int layer = 0; layer < 12; layer++) {
      for (int head = 0; head < 12; head++) {
        nodes.add(head(layer, head, head % 3 == 0 ? "found" : head % 3 == 1 ? "missed" : ""));
      }
      nodes.add(mlp(layer, ""));
    }
    return withEdges("All of GPT-2 small", nodes, edges, new Random(2));
  }

  private static CircuitGraph withEdges(String title, List<Node> nodes, int count, Random random) {
    List<Node> rising =
        nodes.stream()
            .sorted(Comparator.comparingInt(Node::layer).thenComparing(Node::kind))
            .toList();
    List<Edge> edges = new ArrayList<>();
    while (edges.size() < count) {
      Node from = rising.get(random.nextInt(rising.size()));
      Node to = rising.get(random.nextInt(rising.size()));
      if (from.layer() < to.layer()) {
        edges.add(edge(from.id(), to.id(), Math.pow(random.nextGaussian(), 3)));
      }
    }
    return new CircuitGraph(title, 12, nodes, edges);
  }

  static HtmlReport report() {
    return HtmlReport.titled("Circuits")
        .add(new Section("Small"), ten(), new Section("GPT-2"), gpt2(70), gpt2(40), gpt2(0))
        .add(new Section("Whole"), whole(0), whole(400));
  }

  /** Write a page of circuits, for looking at, to the file named by the first argument. */
  public static void main(String[] args) throws IOException {
    report().write(Path.of(args[0]));
    System.out.println(TerminalCircuit.render(ten(), Terminal.plain()));
    System.out.println(TerminalCircuit.render(gpt2(30), Terminal.plain()));
  }
}
