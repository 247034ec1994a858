package dev.loupe.task;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Reads columns of texts from a user's file: JSON lines, CSV with a header line, or Parquet. */
public final class TextRows {
  private TextRows() {}

  /**
   * Reads rows. Every value is taken as the text it is: {@code 007} stays {@code 007}.
   *
   * @param columns those that every row must have
   * @param most how many rows to read at most
   * @return column to text, in the order asked for, a row each
   * @throws IllegalArgumentException if the file is absent, malformed or without rows, or lacks a
   *     column, naming file, row and column
   */
  public static List<Map<String, String>> read(Path file, List<String> columns, int most) {
    throw new UnsupportedOperationException(file + "" + columns + most);
  }
}
