package dev.loupe.circuit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Circuits as JSON: {@code {"nodes": ["input", "a0.h1", ...]}}, and beside the nodes {@code
 * metadata} where there is any.
 */
public final class CircuitJson {
  private static final String NODES = "nodes";
  private static final String METADATA = "metadata";
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          // Python writes NaN: to be refused by the name of what has it.
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .build();

  private CircuitJson() {}

  /**
   * Returns a circuit as the bytes of a file.
   *
   * @param more what is said of it besides its own metadata, such as when it was made
   */
  public static byte[] bytes(Circuit circuit, Map<String, Object> more) {
    var json = new LinkedHashMap<String, Object>();
    json.put(NODES, circuit.nodes().stream().map(CircuitNode::toString).toList());
    var metadata = new LinkedHashMap<>(circuit.metadata());
    metadata.putAll(more);
    if (!metadata.isEmpty()) {
      json.put(METADATA, metadata);
    }
    return MAPPER.writeValueAsBytes(json);
  }

  /**
   * Reads a circuit. What stands beside its nodes is its metadata, whether in an object of that
   * name or not.
   *
   * @throws IllegalArgumentException if there is no such file, or it is not a circuit, naming the
   *     file and the node
   */
  public static Circuit read(Path file) {
    var json = tree(file);
    var metadata = new LinkedHashMap<String, Object>();
    for (var entry : json.properties()) {
      if (entry.getKey().equals(METADATA) && entry.getValue().isObject()) {
        entry.getValue().properties().forEach(inner -> put(metadata, inner));
      } else if (!entry.getKey().equals(NODES)) {
        put(metadata, entry);
      }
    }
    return new Circuit(nodes(file, json), metadata);
  }

  /**
   * Reads the nodes of a circuit in the order of the file.
   *
   * @throws IllegalArgumentException as the other
   */
  public static List<CircuitNode> readNodes(Path file) {
    return nodes(file, tree(file));
  }

  private static void put(Map<String, Object> metadata, Map.Entry<String, JsonNode> entry) {
    // What is null is not said.
    if (!entry.getValue().isNull()) {
      metadata.put(entry.getKey(), MAPPER.convertValue(entry.getValue(), Object.class));
    }
  }

  /**
   * Reads a file of a circuit in whatever form.
   *
   * @throws IllegalArgumentException if there is no such file, or it is not JSON
   */
  public static JsonNode tree(Path file) {
    if (Files.isDirectory(file)) {
      throw new IllegalArgumentException(
          file + " is a folder: name a file in it, such as " + file.resolve("circuit.json"));
    }
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          file + ": no such file; expected a graph or a list of nodes as JSON");
    }
    try {
      return MAPPER.readTree(Files.readAllBytes(file));
    } catch (JacksonException e) {
      // What follows in brackets speaks of the parser.
      var why = e.getOriginalMessage().split(" ?[(\\[]", 2)[0];
      throw new IllegalArgumentException(file + " is not a circuit: not JSON: " + why, e);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }

  private static List<CircuitNode> nodes(Path file, JsonNode json) {
    var list = json.path(NODES);
    if (!json.isObject() || !list.isArray()) {
      throw new IllegalArgumentException(
          file
              + " is not a circuit: expected {\"nodes\": [\"input\", \"a0.h1\", \"m0\", ...]}, a"
              + " list of names");
    }
    var nodes = new ArrayList<CircuitNode>();
    for (int i = 0; i < list.size(); i++) {
      var node = node(file, i, list.get(i));
      int before = nodes.indexOf(node);
      if (before >= 0) {
        throw new IllegalArgumentException(
            "%s, node %d: %s is there already, as node %d; expected each once"
                .formatted(file, i + 1, node, before + 1));
      }
      nodes.add(node);
    }
    return List.copyOf(nodes);
  }

  private static CircuitNode node(Path file, int index, JsonNode json) {
    var where = file + ", node " + (index + 1) + ": ";
    if (!json.isString()) {
      throw new IllegalArgumentException(where + json + " is no text; expected a name such as m3");
    }
    try {
      return CircuitNode.parse(json.stringValue());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(where + e.getMessage(), e);
    }
  }
}
