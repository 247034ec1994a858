package dev.loupe.circuit;

import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Writes circuits as {@code {"nodes": [...]}}. */
public final class CircuitJson {
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private CircuitJson() {}

  /**
   * Returns a circuit as JSON.
   *
   * @param more what else stands in it
   */
  public static byte[] bytes(Circuit circuit, Map<String, Object> more) {
    var json = new LinkedHashMap<String, Object>();
    json.put("nodes", circuit.nodes().stream().map(Object::toString).toList());
    json.putAll(more);
    return MAPPER.writeValueAsBytes(json);
  }
}
