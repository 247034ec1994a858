package dev.loupe.task;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;

/** Reads columns of texts from a user's file: JSON lines, CSV with a header line, or Parquet. */
public final class TextRows {
  private TextRows() {}

  /**
   * Reads rows. Every value is taken as the text it is: {@code 007} stays {@code 007}, and a number
   * in JSON or Parquet, which has no one text, is refused. A list of texts becomes its JSON.
   *
   * @param columns those that every row must have
   * @param most how many rows to read at most, at least 1
   * @return column to text, in the order asked for, a row each
   * @throws IllegalArgumentException if the file is absent, malformed or without rows, or lacks a
   *     column, naming file, row and column, and which columns there are
   */
  public static List<Map<String, String>> read(Path file, List<String> columns, int most) {
    return rows(file, columns, List.of(), most).stream()
        .map(row -> {
          Map<String, String> cells = new LinkedHashMap<>();
          columns.forEach(column -> cells.put(column, row.text(column)));
          return Collections.unmodifiableMap(cells);
        })
        .toList();
  }

  /**
   * Lists the columns of a file: of CSV those of the header, of JSON lines those that any row has.
   *
   * @throws IllegalArgumentException if the file is absent, malformed or without rows
   */
  public static List<String> columns(Path file) {
    if (isCsv(file)) {
      return CsvRows.columns(file);
    }
    var columns = new LinkedHashSet<String>();
    boolean alike = JsonRows.areAlike(file);
    JsonRows.read(
        file,
        row -> {
          columns.addAll(row.json().propertyNames());
          return !alike;
        });
    if (columns.isEmpty()) {
      throw new IllegalArgumentException(file + " has no rows; expected at least one");
    }
    return List.copyOf(columns);
  }

  /** Reads rows with columns that they must have and columns that are empty where absent. */
  static List<TextRow> rows(Path file, List<String> columns, List<String> optional, int most) {
    if (most < 1) {
      throw new IllegalArgumentException("most = " + most + ": expected 1 or more rows");
    }
    var rows = new ArrayList<TextRow>();
    Predicate<TextRow> take =
        row -> {
          rows.add(row);
          return rows.size() < most;
        };
    if (isCsv(file)) {
      var there = CsvRows.columns(file);
      columns.stream()
          .filter(it -> !there.contains(it))
          .findFirst()
          .ifPresent(missing -> {
            throw new IllegalArgumentException(
                "%s: no column '%s'; there are %s".formatted(file, missing, there));
          });
      CsvRows.read(file, take);
    } else {
      JsonRows.read(file, row -> take.test(row(row, columns, optional)));
    }
    if (rows.isEmpty()) {
      throw new IllegalArgumentException(file + " has no rows; expected at least one");
    }
    return rows;
  }

  private static TextRow row(JsonRow row, List<String> columns, List<String> optional) {
    var cells = new LinkedHashMap<String, String>();
    var read = new TextRow(row.file(), "row " + row.number(), cells);
    for (var column : columns) {
      var value = row.json().path(column);
      if (value.isMissingNode() || value.isNull()) {
        throw read.error(column, "is missing; there are " + row.json().propertyNames());
      }
      cells.put(column, text(read, column, value));
    }
    for (var column : optional) {
      var value = row.json().path(column);
      if (!value.isMissingNode() && !value.isNull()) {
        cells.put(column, text(read, column, value));
      }
    }
    return read;
  }

  private static String text(TextRow row, String column, JsonNode value) {
    if (value.isString()) {
      return value.stringValue();
    }
    if (value.isArray() && value.values().stream().allMatch(JsonNode::isString)) {
      return value.toString();
    }
    throw row.error(column, "is " + value + "; expected text");
  }

  /** A file is what its name says it is, else CSV unless it begins as one of the others does. */
  private static boolean isCsv(Path file) {
    var name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          file + ": no such file; expected JSON lines, CSV or Parquet");
    }
    if (name.endsWith(".csv")) {
      return true;
    }
    if (name.endsWith(".jsonl") || name.endsWith(".json") || name.endsWith(".parquet")) {
      return false;
    }
    try (var in = Files.newInputStream(file)) {
      var start = new String(in.readNBytes(4), StandardCharsets.ISO_8859_1);
      return !start.equals("PAR1")
          && !start.replace("\u00EF\u00BB\u00BF", "").strip().startsWith("{");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }
}
