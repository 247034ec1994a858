package dev.loupe.task;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads columns of texts from a user's file: JSON lines or Parquet. */
public final class TextRows {
  private TextRows() {}

  /**
   * Reads rows.
   *
   * @param columns those that every row must have
   * @param most how many rows to read at most
   * @return column to text, in the order asked for, a row each
   * @throws IllegalArgumentException if the file is absent, malformed or without rows, or lacks a
   *     column, naming file, row and column
   */
  public static List<Map<String, String>> read(Path file, List<String> columns, int most) {
    var rows = new ArrayList<Map<String, String>>();
    JsonRows.read(
        file,
        row -> {
          var texts = new LinkedHashMap<String, String>();
          columns.forEach(column -> texts.put(column, row.text(column)));
          rows.add(texts);
          return rows.size() < most;
        });
    if (rows.isEmpty()) {
      throw new IllegalArgumentException(file + " has no rows: expected at least one");
    }
    return List.copyOf(rows);
  }
}
