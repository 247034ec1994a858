package dev.loupe.circuit.graph;

import dev.loupe.circuit.Circuit;
import dev.loupe.circuit.CircuitJson;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import tools.jackson.databind.json.JsonMapper;

/**
 * Scored graphs as the JSON of EAP-IG and of MIB (Mueller et al. 2025): {@code cfg}, the shape;
 * {@code nodes}, and of each whether it is in the circuit and its score where there is one; {@code
 * edges} with score and whether in the circuit. Loupe writes {@code metadata} after these where
 * there is any; other tools pass over it. Circuits given by nodes alone are {@link CircuitJson}.
 *
 * <p>Scores are read and written as they are. Other tools score by what is to be small, such as a
 * negative logit difference: there edges that help are negative.
 */
public final class GraphJson {
  private static final JsonMapper MAPPER = JsonMapper.shared();

  private GraphJson() {}

  /**
   * Returns a graph as the bytes of a file, in the form that Python's {@code json} gives it: what
   * the published tools wrote is written again to the byte.
   *
   * @param more what is said of it besides the metadata of its nodes, such as when it was made
   */
  public static byte[] bytes(ScoredGraph graph, Map<String, Object> more) {
    var shape = graph.shape();
    var text = new StringBuilder(96 * shape.edges());
    text.append("{\"cfg\": {\"n_layers\": ").append(shape.layers());
    text.append(", \"n_heads\": ").append(shape.heads());
    text.append(", \"parallel_attn_mlp\": ").append(shape.parallel());
    text.append(", \"d_model\": ").append(shape.dModel()).append("}, \"nodes\": {");
    for (int source = 0; source < shape.sources(); source++) {
      var node = shape.source(source);
      text.append('"').append(node).append("\": {\"in_graph\": ").append(graph.nodes().has(node));
      if (graph.nodeScores().isPresent()) {
        text.append(", \"score\": ");
        text.append(PythonNumbers.text(graph.nodeScores().get().score(source)));
      }
      text.append("}, ");
    }
    text.append("\"logits\": {\"in_graph\": true}}, \"edges\": {");
    boolean first = true;
    for (int edge : fileOrder(shape)) {
      text.append(first ? "\"" : ", \"").append(shape.edge(edge));
      first = false;
      text.append("\": {\"score\": ").append(PythonNumbers.text(graph.scores().score(edge)));
      text.append(", \"in_graph\": ").append(graph.edges().has(edge)).append('}');
    }
    text.append('}');
    var metadata = new LinkedHashMap<>(graph.nodes().metadata());
    metadata.putAll(more);
    if (!metadata.isEmpty()) {
      text.append(", \"metadata\": ").append(MAPPER.writeValueAsString(metadata));
    }
    return text.append('}').toString().getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Returns the edges as the published tools list them: block by block those into its heads, source
   * by source, and then those into its MLP, which in parallel blocks follow the heads' of each
   * source; at last those into the logits.
   */
  private static int[] fileOrder(GraphShape shape) {
    var order = IntStream.builder();
    for (int layer = 0; layer < shape.layers(); layer++) {
      int attention = layer * (3 * shape.heads() + 1);
      int mlp = attention + 3 * shape.heads();
      add(order, shape, attention, shape.parallel() ? mlp + 1 : mlp);
      if (!shape.parallel()) {
        add(order, shape, mlp, mlp + 1);
      }
    }
    add(order, shape, shape.targets() - 1, shape.targets());
    return order.build().toArray();
  }

  private static void add(IntStream.Builder order, GraphShape shape, int from, int to) {
    for (int source = 0; source < shape.reads(from); source++) {
      for (int target = from; target < to; target++) {
        order.add(shape.edge(source, target));
      }
    }
  }

  /**
   * Reads a graph. Its {@code metadata} are those of its nodes; what else its configuration holds
   * is passed over.
   *
   * @throws IllegalArgumentException if there is no such file, or it is not a graph, naming the
   *     file and the node or edge
   */
  public static ScoredGraph read(Path file) {
    var json = CircuitJson.tree(file);
    try {
      return GraphReader.graph(json);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Reads the nodes of a circuit from either form of file: a graph, or a list of nodes.
   *
   * @throws IllegalArgumentException as the other
   */
  public static Circuit readCircuit(Path file) {
    return CircuitJson.tree(file).path("nodes").isObject()
        ? read(file).nodes()
        : CircuitJson.read(file);
  }

  /**
   * Reads a graph, where the file is one; empty of a list of nodes.
   *
   * @throws IllegalArgumentException as the other
   */
  public static Optional<ScoredGraph> readEither(Path file) {
    return CircuitJson.tree(file).path("nodes").isObject()
        ? Optional.of(read(file))
        : Optional.empty();
  }
}
