package dev.loupe.task;

import java.nio.file.Path;
import tools.jackson.databind.JsonNode;

/**
 * One row of a data file; its errors name file, row and field.
 *
 * @param number from 1; in a file of JSON lines the line
 */
record JsonRow(Path file, long number, JsonNode json) {
  /** Finds a field by a dotted path. */
  JsonNode field(String path) {
    var node = json;
    for (var name : path.split("\\.", -1)) {
      node = node.path(name);
    }
    if (node.isMissingNode() || node.isNull()) {
      throw error(path, "is missing");
    }
    return node;
  }

  String text(String path) {
    return text(path, field(path));
  }

  String text(String path, JsonNode node) {
    if (!node.isString() || node.stringValue().isBlank()) {
      throw error(path, "is " + node + "; expected text");
    }
    return node.stringValue();
  }

  int index(String path, int size) {
    var node = field(path);
    if (!node.isIntegralNumber() || !node.canConvertToInt()) {
      throw error(path, "is " + node + "; expected a whole number");
    }
    int index = node.intValue();
    if (index < 0 || index >= size) {
      throw error(path, "is " + index + "; expected 0 to " + (size - 1));
    }
    return index;
  }

  IllegalArgumentException error(String path, String problem) {
    return new IllegalArgumentException(
        "%s, row %d: field '%s' %s".formatted(file, number, path, problem));
  }
}
