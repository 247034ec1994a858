package dev.loupe.study;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Properties;
import java.util.stream.Collectors;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;
import org.jspecify.annotations.Nullable;

/** Tables as Parquet files, by DuckDB. */
public final class Parquet {
  private Parquet() {}

  /** Appends the rows of a table. */
  @FunctionalInterface
  interface Filler {
    void fill(DuckDBAppender rows) throws SQLException;
  }

  /** Returns a new database in memory that fetches nothing from anywhere. */
  public static Connection database() throws SQLException {
    var settings = new Properties();
    // Parquet is built in: DuckDB must not fetch anything else.
    settings.setProperty("autoinstall_known_extensions", "false");
    settings.setProperty("autoload_known_extensions", "false");
    return DriverManager.getConnection("jdbc:duckdb:", settings);
  }

  /** Returns a name as SQL takes it whatever it is. */
  public static String quoted(String name) {
    return "\"" + name.replace("\"", "\"\"") + "\"";
  }

  /** Returns a text as SQL takes it, where it cannot be a parameter. */
  public static String literal(String text) {
    return "'" + text.replace("'", "''") + "'";
  }

  /**
   * Writes a table, each column in the type that it says.
   *
   * @throws IOException if the file cannot be written; then the old file, if any, is as it was
   */
  public static void write(Path file, StudyTable table) throws IOException {
    SweepFiles.replace(
        file, part -> write(part, columns(table.columns()), rows -> fill(rows, table.rows())));
  }

  /** Writes a table with columns as SQL declares them into a file that is not there yet. */
  static void write(Path file, String columns, Filler filler) throws IOException {
    try (var database = database();
        var statement = database.createStatement()) {
      statement.execute("CREATE TABLE cells (" + columns + ")");
      try (var rows = database.unwrap(DuckDBConnection.class).createAppender("cells")) {
        filler.fill(rows);
      }
      statement.execute(
          "COPY cells TO " + literal(file.toAbsolutePath().toString()) + " (FORMAT parquet)");
    } catch (SQLException e) {
      throw new IOException("cannot write " + file + ": " + e.getMessage(), e);
    }
  }

  private static String columns(List<StudyTable.Column> columns) {
    return columns.stream()
        .map(column -> quoted(column.name()) + " " + sql(column.type()))
        .collect(Collectors.joining(", "));
  }

  private static String sql(StudyTable.Type type) {
    return switch (type) {
      case TEXT -> "VARCHAR";
      case WHOLE -> "BIGINT";
      case NUMBER -> "DOUBLE";
      case TRUTH -> "BOOLEAN";
    };
  }

  private static void fill(DuckDBAppender rows, List<List<@Nullable Object>> values)
      throws SQLException {
    for (var row : values) {
      rows.beginRow();
      for (var value : row) {
        append(rows, value);
      }
      rows.endRow();
    }
  }

  private static void append(DuckDBAppender rows, @Nullable Object value) throws SQLException {
    switch (value) {
      case null -> rows.appendNull();
      case String text -> rows.append(text);
      case Long whole -> rows.append(whole.longValue());
      case Double number -> rows.append(number.doubleValue());
      case Boolean truth -> rows.append(truth.booleanValue());
      default -> throw new IllegalStateException(value.getClass() + " is of no column's type");
    }
  }
}
