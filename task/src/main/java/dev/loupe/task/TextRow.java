package dev.loupe.task;

import java.nio.file.Path;
import java.util.Map;

/**
 * One row of a user's data set; its errors name file, row and column.
 *
 * @param where such as {@code row 3} or, of CSV, {@code row 3 (line 5)}
 * @param cells column to text, every column asked for
 */
record TextRow(Path file, String where, Map<String, String> cells) {
  String text(String column) {
    return cells.getOrDefault(column, "");
  }

  IllegalArgumentException error(String column, String problem) {
    return new IllegalArgumentException(
        "%s, %s: column '%s' %s".formatted(file, where, column, problem));
  }
}
