package dev.loupe.study.run;

import dev.loupe.study.Parquet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Runs as tables: {@code runs}, {@code numbers} with every number that was found, and the tables of
 * all studies by their names, each with a column {@code run}. It is a copy in memory; nothing that
 * is asked of it reads or writes a file.
 */
public final class RunDatabase implements AutoCloseable {
  private static final String RUNS =
      "run VARCHAR, study VARCHAR, model VARCHAR, time VARCHAR, prompts BIGINT,"
          + " seed BIGINT, loupe VARCHAR, commit VARCHAR, weights_sha256 VARCHAR, dtype VARCHAR,"
          + " seconds DOUBLE, headline VARCHAR, folder VARCHAR";

  private final Connection database;
  private final List<String> problems;

  private RunDatabase(Connection database, List<String> problems) {
    this.database = database;
    this.problems = List.copyOf(problems);
  }

  /** Returns which tables of runs cannot be read and are left out, a sentence each. */
  public List<String> problems() {
    return problems;
  }

  /**
   * What a query gave.
   *
   * @param columns their names
   * @param numeric whether each holds numbers
   * @param rows the values: texts, numbers, truth values, or null
   */
  public record Answer(
      List<String> columns, List<Boolean> numeric, List<List<@Nullable Object>> rows) {}

  static RunDatabase of(Runs runs) throws IOException {
    try {
      var database = Parquet.database();
      try {
        return new RunDatabase(database, fill(database, runs));
      } catch (SQLException | IOException | RuntimeException e) {
        database.close();
        throw e;
      }
    } catch (SQLException e) {
      throw new IOException("the runs under " + runs.root() + " cannot be read: " + line(e), e);
    }
  }

  private static List<String> fill(Connection database, Runs runs)
      throws SQLException, IOException {
    var problems = new ArrayList<String>();
    try (var statement = database.createStatement()) {
      statement.execute("CREATE TABLE runs (" + RUNS + ")");
      statement.execute("CREATE TABLE numbers (run VARCHAR, path VARCHAR, value DOUBLE)");
      var connection = database.unwrap(DuckDBConnection.class);
      try (var rows = connection.createAppender("runs")) {
        for (var run : runs.runs()) {
          append(rows, run);
        }
      }
      try (var rows = connection.createAppender("numbers")) {
        for (var run : runs.runs()) {
          append(rows, run.name(), Scalars.of(run.findings()));
        }
      }
      statement.execute(
          "ALTER TABLE runs ALTER time TYPE TIMESTAMP USING try_cast(time AS TIMESTAMP)");
      for (var table : tables(runs).entrySet()) {
        table.getValue().values().removeIf(file -> isDamaged(file, database, problems));
        if (!table.getValue().isEmpty()) {
          statement.execute(union(table.getKey(), table.getValue()));
        }
      }
      // All is in memory now: what a user asks has no business with files or the network.
      statement.execute("SET enable_external_access = false");
      statement.execute("SET lock_configuration = true");
    }
    return problems;
  }

  // A statement that fails is closed, so it has one of its own.
  private static boolean isDamaged(Path file, Connection database, List<String> problems) {
    try (var statement = database.createStatement();
        var _ = statement.executeQuery("SELECT * FROM " + parquet(file) + " LIMIT 0")) {
      return false;
    } catch (SQLException e) {
      problems.add(file + " cannot be read: " + line(e));
      return true;
    }
  }

  private static String parquet(Path file) {
    return "read_parquet(" + Parquet.literal(file.toString()) + ")";
  }

  private static void append(DuckDBAppender rows, RunSummary run) throws SQLException {
    rows.beginRow();
    rows.append(run.name());
    rows.append(run.study());
    rows.append(run.model());
    text(rows, run.time());
    whole(rows, run.prompts());
    whole(rows, run.seed());
    text(rows, run.fact("Loupe"));
    text(rows, run.fact("commit"));
    text(rows, run.fact("weights_sha256"));
    text(rows, run.fact("dtype"));
    var seconds = run.json().at("/provenance/seconds");
    if (seconds.isNumber()) {
      rows.append(seconds.asDouble());
    } else {
      rows.appendNull();
    }
    text(rows, run.headline().orElse(""));
    rows.append(run.folder().toString());
    rows.endRow();
  }

  private static void text(DuckDBAppender rows, String text) throws SQLException {
    if (text.isEmpty()) {
      rows.appendNull();
    } else {
      rows.append(text);
    }
  }

  private static void whole(DuckDBAppender rows, OptionalLong number) throws SQLException {
    if (number.isPresent()) {
      rows.append(number.getAsLong());
    } else {
      rows.appendNull();
    }
  }

  private static void append(DuckDBAppender rows, String run, Map<String, JsonNode> leaves)
      throws SQLException {
    for (var leaf : leaves.entrySet()) {
      if (leaf.getValue().isNumber()) {
        rows.beginRow();
        rows.append(run);
        rows.append(leaf.getKey());
        rows.append(leaf.getValue().asDouble());
        rows.endRow();
      }
    }
  }

  /** Returns the files of each table by their runs. */
  private static Map<String, Map<String, Path>> tables(Runs runs) throws IOException {
    var tables = new TreeMap<String, Map<String, Path>>();
    for (var run : runs.runs()) {
      var folder = run.folder().resolve("tables");
      if (Files.isDirectory(folder)) {
        try (var files = Files.list(folder)) {
          for (var file :
              files.filter(it -> it.toString().endsWith(".parquet")).sorted().toList()) {
            var name = String.valueOf(file.getFileName()).replaceFirst("\\.parquet$", "");
            tables.computeIfAbsent(name, _ -> new LinkedHashMap<>()).put(run.name(), file);
          }
        }
      }
    }
    tables.keySet().removeAll(List.of("runs", "numbers"));
    return tables;
  }

  private static String union(String name, Map<String, Path> files) {
    return "CREATE TABLE "
        + Parquet.quoted(name)
        + " AS "
        + files.entrySet().stream()
            .map(it ->
                "SELECT "
                    + Parquet.literal(it.getKey())
                    + " AS run, * FROM "
                    + parquet(it.getValue()))
            .collect(Collectors.joining(" UNION ALL BY NAME "));
  }

  /**
   * Answers a query.
   *
   * @throws IllegalArgumentException if it is not one, saying in a line what is wrong
   */
  public Answer ask(String sql) {
    try (var statement = database.createStatement()) {
      if (sql.isBlank() || !statement.execute(sql)) {
        throw new IllegalArgumentException(
            "this gives no rows: expected a query, such as SELECT run, study, model FROM runs");
      }
      try (var rows = statement.getResultSet()) {
        return answer(rows);
      }
    } catch (SQLException e) {
      throw new IllegalArgumentException("SQL: " + line(e), e);
    }
  }

  private static Answer answer(ResultSet rows) throws SQLException {
    var about = rows.getMetaData();
    var columns = new ArrayList<String>();
    var numeric = new ArrayList<Boolean>();
    for (int i = 1; i <= about.getColumnCount(); i++) {
      columns.add(about.getColumnName(i));
      numeric.add(
          switch (about.getColumnType(i)) {
            case Types.TINYINT,
                Types.SMALLINT,
                Types.INTEGER,
                Types.BIGINT,
                Types.FLOAT,
                Types.REAL,
                Types.DOUBLE,
                Types.DECIMAL,
                Types.NUMERIC ->
                true;
            default -> false;
          });
    }
    var values = new ArrayList<List<@Nullable Object>>();
    while (rows.next()) {
      var row = new ArrayList<@Nullable Object>();
      for (int i = 1; i <= columns.size(); i++) {
        row.add(plain(rows.getObject(i)));
      }
      values.add(row);
    }
    return new Answer(columns, numeric, values);
  }

  /** Numbers and truth values stay, all else becomes its text. */
  private static @Nullable Object plain(@Nullable Object value) {
    return switch (value) {
      case null -> null;
      case Number number -> number;
      case Boolean truth -> truth;
      default -> value.toString();
    };
  }

  /** What DuckDB says in several lines begins with what is wrong; candidates are worth having. */
  private static String line(SQLException e) {
    var text = String.valueOf(e.getMessage());
    int position = text.indexOf("\n\nLINE ");
    return (position > 0 ? text.substring(0, position) : text)
        .strip()
        .replaceAll("\\s*\\R\\s*", " ");
  }

  @Override
  public void close() throws IOException {
    try {
      database.close();
    } catch (SQLException e) {
      throw new IOException("the database of runs cannot be closed: " + line(e), e);
    }
  }
}
