package dev.loupe.study.run;

import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** The leaves of a tree by their dotted paths: {@code heads[3].recovery.mean}. */
final class Scalars {
  private Scalars() {}

  /** Returns the leaves in the order of the tree; an empty list or map is a leaf. */
  static Map<String, JsonNode> of(JsonNode tree) {
    var leaves = new LinkedHashMap<String, JsonNode>();
    collect(tree, "", leaves);
    return leaves;
  }

  private static void collect(JsonNode node, String path, Map<String, JsonNode> into) {
    if (node.isObject() && !node.isEmpty()) {
      node.properties()
          .forEach(it ->
              collect(
                  it.getValue(), path.isEmpty() ? it.getKey() : path + "." + it.getKey(), into));
    } else if (node.isArray() && !node.isEmpty()) {
      for (int i = 0; i < node.size(); i++) {
        collect(node.path(i), path + "[" + i + "]", into);
      }
    } else {
      into.put(path, node);
    }
  }
}
