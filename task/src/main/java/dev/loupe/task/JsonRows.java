package dev.loupe.task;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Properties;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads the rows of a Parquet file or a file of JSON lines, told apart by their first bytes. */
final class JsonRows {
  private static final byte[] PARQUET_MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);
  private static final Pattern GLOB = Pattern.compile("[*?\\[]");

  private JsonRows() {}

  /**
   * Hands over row after row, in order, until {@code wantsMore} says false.
   *
   * @throws IllegalArgumentException if the file is absent or malformed
   */
  static void read(Path file, Predicate<JsonRow> wantsMore) {
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          file + ": no such file; expected a Parquet file or a file of JSON lines");
    }
    try {
      if (isParquet(file)) {
        readParquet(file, wantsMore);
      } else {
        readLines(file, wantsMore);
      }
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(
          file + " is neither Parquet nor JSON lines: it is not UTF-8 text", e);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }

  /** Tells whether all rows of a file have the same fields, as those of Parquet do. */
  static boolean areAlike(Path file) {
    try {
      return isParquet(file);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }

  private static boolean isParquet(Path file) throws IOException {
    try (var in = Files.newInputStream(file)) {
      return Arrays.equals(in.readNBytes(PARQUET_MAGIC.length), PARQUET_MAGIC);
    }
  }

  private static void readLines(Path file, Predicate<JsonRow> wantsMore) throws IOException {
    try (var lines = Utf8.open(file)) {
      long number = 0;
      for (var line = lines.readLine(); line != null; line = lines.readLine()) {
        number++;
        if (!line.isBlank() && !wantsMore.test(row(file, number, line))) {
          return;
        }
      }
    }
  }

  private static void readParquet(Path file, Predicate<JsonRow> wantsMore) {
    var settings = new Properties();
    // Parquet and JSON are built in: DuckDB must not fetch anything else.
    settings.setProperty("autoinstall_known_extensions", "false");
    settings.setProperty("autoload_known_extensions", "false");
    try (var database = DriverManager.getConnection("jdbc:duckdb:", settings);
        var query =
            database.prepareStatement(
                "SELECT CAST(to_json(t) AS VARCHAR) FROM read_parquet(?) t")) {
      query.setString(1, GLOB.matcher(file.toAbsolutePath().toString()).replaceAll("[$0]"));
      try (var rows = query.executeQuery()) {
        for (long number = 1; rows.next(); number++) {
          if (!wantsMore.test(row(file, number, rows.getString(1)))) {
            return;
          }
        }
      }
    } catch (SQLException e) {
      throw new IllegalArgumentException(
          file + " is not a readable Parquet file: " + e.getMessage(), e);
    }
  }

  private static JsonRow row(Path file, long number, String json) {
    JsonNode node;
    try {
      node = JsonMapper.shared().readTree(json);
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "%s, row %d: not JSON: %s".formatted(file, number, e.getOriginalMessage()), e);
    }
    if (!node.isObject()) {
      throw new IllegalArgumentException(
          "%s, row %d: expected a JSON object on every line".formatted(file, number));
    }
    return new JsonRow(file, number, node);
  }
}
