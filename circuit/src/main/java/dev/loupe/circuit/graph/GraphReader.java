package dev.loupe.circuit.graph;

import dev.loupe.circuit.Circuit;
import dev.loupe.circuit.CircuitNode;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What a graph's file says, checked part by part. */
final class GraphReader {
  private static final String CONFIG = "cfg";
  private static final String NODES = "nodes";
  private static final String EDGES = "edges";
  private static final String METADATA = "metadata";
  private static final String LOGITS = "logits";
  private static final String IN_GRAPH = "in_graph";
  private static final String SCORE = "score";
  private static final String NEURONS = "neurons";

  private final GraphShape shape;
  private final JsonNode json;

  private GraphReader(JsonNode json) {
    for (var part : List.of(CONFIG, NODES, EDGES)) {
      if (!json.path(part).isObject()) {
        throw new IllegalArgumentException(
            "not a graph: expected {\"cfg\": {...}, \"nodes\": {...}, \"edges\": {...}}, but \""
                + part
                + (json.has(part) ? "\" is no object" : "\" is missing"));
      }
    }
    this.json = json;
    var config = json.path(CONFIG);
    shape =
        new GraphShape(
            size(config, "n_layers"),
            size(config, "n_heads"),
            parallel(config),
            size(config, "d_model"));
  }

  static ScoredGraph graph(JsonNode json) {
    return new GraphReader(json).graph();
  }

  private ScoredGraph graph() {
    // First, so that a configuration of more than there is takes no memory.
    requireNodes();
    var scores = new double[shape.edges()];
    var inGraph = new BitSet();
    readEdges(scores, inGraph);
    return new ScoredGraph(
        EdgeScores.of(shape, scores),
        EdgeSet.of(shape, inGraph.stream()),
        new Circuit(nodesInGraph(), metadata()),
        nodeScores());
  }

  private static int size(JsonNode config, String name) {
    var value = config.path(name);
    // 2^15 layers, heads or dimensions are more than any model has, and fewer than overflow.
    if (!value.isInt() || value.intValue() < 1 || value.intValue() > Short.MAX_VALUE) {
      throw new IllegalArgumentException(
          "cfg: " + name + " is " + said(value) + ": expected a whole number of 1 or more");
    }
    return value.intValue();
  }

  private static boolean parallel(JsonNode config) {
    var value = config.path("parallel_attn_mlp");
    if (!value.isBoolean()) {
      throw new IllegalArgumentException(
          "cfg: parallel_attn_mlp is " + said(value) + ": expected true or false");
    }
    return value.booleanValue();
  }

  private void readEdges(double[] scores, BitSet inGraph) {
    var seen = new BitSet();
    for (var entry : json.path(EDGES).properties()) {
      int edge = shape.number(Edge.parse(entry.getKey()));
      seen.set(edge);
      var what = "edge " + entry.getKey();
      if (truth(what, entry.getValue())) {
        inGraph.set(edge);
      }
      scores[edge] = number(what, entry.getValue().path(SCORE));
    }
    int missing = seen.nextClearBit(0);
    if (missing < shape.edges()) {
      throw new IllegalArgumentException(
          "edge %s is missing: expected each of the %d edges of the model of its cfg"
              .formatted(shape.edge(missing), shape.edges()));
    }
  }

  private void requireNodes() {
    var nodes = json.path(NODES);
    for (var name : nodes.propertyNames()) {
      if (!name.equals(LOGITS)) {
        shape.number(CircuitNode.parse(name));
      }
    }
    for (int source = 0; source <= shape.sources(); source++) {
      var name = source == shape.sources() ? LOGITS : shape.source(source).toString();
      if (!nodes.has(name)) {
        throw new IllegalArgumentException(
            "node %s is missing: expected each of the %d nodes of the model of its cfg"
                .formatted(name, shape.nodes()));
      }
    }
    if (!truth("node " + LOGITS, nodes.path(LOGITS))) {
      throw new IllegalArgumentException(
          "node logits is not in the graph: expected every circuit to end there");
    }
  }

  private JsonNode node(int source) {
    return json.path(NODES).path(shape.source(source).toString());
  }

  private List<CircuitNode> nodesInGraph() {
    var nodes = new ArrayList<CircuitNode>();
    for (int source = 0; source < shape.sources(); source++) {
      var node = shape.source(source);
      for (var neuron : node(source).path(NEURONS)) {
        if (!neuron.isBoolean() || !neuron.booleanValue()) {
          throw new IllegalArgumentException(
              "node " + node + " is there in part, by its neurons: expected whole nodes");
        }
      }
      if (truth("node " + node, node(source))) {
        nodes.add(node);
      }
    }
    return nodes;
  }

  private Optional<NodeScores> nodeScores() {
    var scores = new double[shape.sources()];
    int scored = 0;
    int unscored = -1;
    for (int source = 0; source < scores.length; source++) {
      var score = node(source).path(SCORE);
      if (score.isMissingNode()) {
        unscored = source;
      } else {
        scored++;
        scores[source] = number("node " + shape.source(source), score);
      }
    }
    if (scored == 0) {
      return Optional.empty();
    }
    if (unscored >= 0) {
      throw new IllegalArgumentException(
          "node %s has no score: expected one of every node but the logits, or of none"
              .formatted(shape.source(unscored)));
    }
    return Optional.of(NodeScores.of(shape, scores));
  }

  private Map<String, Object> metadata() {
    var metadata = new LinkedHashMap<String, Object>();
    for (var entry : json.path(METADATA).properties()) {
      // What is null is not said.
      if (!entry.getValue().isNull()) {
        metadata.put(
            entry.getKey(), JsonMapper.shared().convertValue(entry.getValue(), Object.class));
      }
    }
    return metadata;
  }

  private static boolean truth(String what, JsonNode json) {
    var value = json.path(IN_GRAPH);
    if (!value.isBoolean()) {
      throw new IllegalArgumentException(
          what + ": in_graph is " + said(value) + ": expected true or false");
    }
    return value.booleanValue();
  }

  private static double number(String what, JsonNode value) {
    double number = value.isNumber() ? value.asDouble(Double.NaN) : Double.NaN;
    if (!Double.isFinite(number)) {
      throw new IllegalArgumentException(
          what + ": the score is " + said(value) + ": expected a number");
    }
    return number;
  }

  private static String said(JsonNode value) {
    return value.isMissingNode() ? "missing" : value.toString();
  }
}
