package dev.loupe.study;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.sweep.Axis;
import dev.loupe.lens.sweep.SweepResult;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;
import java.util.stream.Collectors;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;

/** The cells of a sweep as rows of a table. */
final class SweepTable {
  private static final String NUMBERS =
      ", value DOUBLE, standard_error DOUBLE, n INTEGER, recovery DOUBLE,"
          + " recovery_standard_error DOUBLE";

  private final SweepResult result;

  SweepTable(SweepResult result) {
    this.result = result;
  }

  void writeTo(Path file) throws IOException {
    var settings = new Properties();
    // Parquet is built in: DuckDB must not fetch anything else.
    settings.setProperty("autoinstall_known_extensions", "false");
    settings.setProperty("autoload_known_extensions", "false");
    try (var database = DriverManager.getConnection("jdbc:duckdb:", settings);
        var statement = database.createStatement()) {
      statement.execute("CREATE TABLE cells (" + labels() + NUMBERS + ")");
      try (var rows = database.unwrap(DuckDBConnection.class).createAppender("cells")) {
        fill(rows);
      }
      // A path cannot be a parameter of COPY.
      var path = file.toAbsolutePath().toString().replace("'", "''");
      statement.execute("COPY cells TO '" + path + "' (FORMAT parquet)");
    } catch (SQLException e) {
      throw new IOException("cannot write " + file + ": " + e.getMessage(), e);
    }
  }

  private String labels() {
    return result.axes().stream()
        .map(Axis::name)
        .map(name -> "\"" + name.replace("\"", "\"\"") + "\" VARCHAR")
        .collect(Collectors.joining(", "));
  }

  private void fill(DuckDBAppender rows) throws SQLException {
    boolean hasRecovery = result.hasGap();
    for (int cell = 0; cell < result.size(); cell++) {
      rows.beginRow();
      for (var label : result.sweep().grid().labels(cell)) {
        rows.append(label);
      }
      var value = result.value(cell);
      var recovery =
          hasRecovery ? result.recovery(cell) : new Estimate(Double.NaN, Double.NaN, value.n());
      number(rows, value.mean());
      number(rows, value.standardError());
      rows.append(value.n());
      number(rows, recovery.mean());
      number(rows, recovery.standardError());
      rows.endRow();
    }
  }

  private static void number(DuckDBAppender rows, double value) throws SQLException {
    if (Double.isNaN(value)) {
      rows.appendNull();
    } else {
      rows.append(value);
    }
  }
}
