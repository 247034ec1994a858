package dev.loupe.study.circuits;

import dev.loupe.circuit.Circuit;
import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.ReferenceCircuit;
import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.GraphJson;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.graph.NodeScores;
import dev.loupe.circuit.graph.Ranking;
import dev.loupe.circuit.graph.ScoredGraph;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a file of a circuit holds: a graph with scores, or a list of nodes. A list of nodes that
 * Loupe wrote has shape and scores in its metadata; others have neither.
 *
 * @param name of the file, or of a published circuit
 * @param nodes of the circuit
 * @param graph of a file that names edges
 * @param shape of the model, where the file says it
 * @param nodeScores of all nodes, where the file has them
 */
public record CircuitFile(
    String name,
    Circuit nodes,
    Optional<ScoredGraph> graph,
    Optional<GraphShape> shape,
    Optional<NodeScores> nodeScores) {
  /** The name of the published circuit that comes with Loupe. */
  public static final String IOI = "wang-2022-ioi";

  static final String SCORES = "node_scores";
  static final String SHAPE = "shape";

  /**
   * Reads a file of either form, or takes a published circuit by its name.
   *
   * @throws IllegalArgumentException if there is no such file, or it is no circuit, naming the file
   *     and the node or edge
   */
  public static CircuitFile read(String name) {
    if (name.equals(IOI)) {
      var published = ReferenceCircuit.ioi();
      var shape = published.shape();
      return new CircuitFile(
          name,
          published.circuit(),
          Optional.empty(),
          Optional.of(new GraphShape(shape.layers(), shape.heads(), false, shape.dModel())),
          Optional.empty());
    }
    var file = Path.of(name);
    return GraphJson.readEither(file)
        .map(graph ->
            new CircuitFile(
                name,
                graph.nodes(),
                Optional.of(graph),
                Optional.of(graph.shape()),
                Optional.of(nodeScores(graph))))
        .orElseGet(() -> {
          var nodes = GraphJson.readCircuit(file);
          try {
            var shape = shape(nodes);
            return new CircuitFile(
                name, nodes, Optional.empty(), shape, shape.flatMap(each -> scores(nodes, each)));
          } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
          }
        });
  }

  /** Returns the published circuit that it is, if it is one. */
  public Optional<ReferenceCircuit> published() {
    return name.equals(IOI) ? Optional.of(ReferenceCircuit.ioi()) : Optional.empty();
  }

  /**
   * Returns its edges in a model: those that it names, or all between its nodes.
   *
   * @throws IllegalArgumentException if the model is of another shape, or lacks a node
   */
  public EdgeSet edges(GraphShape of) {
    try {
      shape.ifPresent(of::requireSame);
      return graph.map(ScoredGraph::edges).orElseGet(() -> EdgeSet.between(of, nodes.nodes()));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
    }
  }

  /** Of a file that scores edges alone, a node has the sum of the edges that leave it. */
  private static NodeScores nodeScores(ScoredGraph graph) {
    return graph.nodeScores().orElseGet(() -> NodeScores.leaving(graph.scores(), Ranking.ABSOLUTE));
  }

  static Map<String, Object> shape(GraphShape shape) {
    var json = new LinkedHashMap<String, Object>();
    json.put("layers", shape.layers());
    json.put("heads", shape.heads());
    json.put("parallel", shape.parallel());
    json.put("d_model", shape.dModel());
    return json;
  }

  private static Optional<GraphShape> shape(Circuit nodes) {
    return nodes.metadata().get(SHAPE) instanceof Map<?, ?> json
            && json.get("layers") instanceof Integer layers
            && json.get("heads") instanceof Integer heads
            && json.get("parallel") instanceof Boolean parallel
            && json.get("d_model") instanceof Integer dModel
        ? Optional.of(new GraphShape(layers, heads, parallel, dModel))
        : Optional.empty();
  }

  private static Optional<NodeScores> scores(Circuit nodes, GraphShape shape) {
    if (!(nodes.metadata().get(SCORES) instanceof Map<?, ?> json)) {
      return Optional.empty();
    }
    var values = new double[shape.sources()];
    for (int source = 0; source < values.length; source++) {
      if (!(json.get(shape.source(source).toString()) instanceof Number score)) {
        throw new IllegalArgumentException(
            "%s has no score of %s: expected one of every node"
                .formatted(SCORES, shape.source(source)));
      }
      values[source] = score.doubleValue();
    }
    return Optional.of(NodeScores.of(shape, values));
  }

  /** Returns its nodes that are heads. */
  List<CircuitNode> heads() {
    return nodes.heads().stream().map(CircuitNode::of).toList();
  }
}
