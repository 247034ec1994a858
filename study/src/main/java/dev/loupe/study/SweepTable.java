package dev.loupe.study;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Interval;
import dev.loupe.lens.sweep.Axis;
import dev.loupe.lens.sweep.SweepResult;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Collectors;
import org.duckdb.DuckDBAppender;

/** The cells of a sweep as rows of a table. */
final class SweepTable {
  private static final String NUMBERS =
      ", value DOUBLE, standard_error DOUBLE, low DOUBLE, high DOUBLE, n INTEGER,"
          + " recovery DOUBLE, recovery_standard_error DOUBLE, recovery_low DOUBLE,"
          + " recovery_high DOUBLE";

  private final SweepResult result;

  SweepTable(SweepResult result) {
    this.result = result;
  }

  void writeTo(Path file) throws IOException {
    Parquet.write(file, labels() + NUMBERS, this::fill);
  }

  private String labels() {
    return result.axes().stream()
        .map(Axis::name)
        .map(name -> Parquet.quoted(name) + " VARCHAR")
        .collect(Collectors.joining(", "));
  }

  private void fill(DuckDBAppender rows) throws SQLException {
    boolean hasRecovery = result.hasGap();
    var intervals = new SweepIntervals(result);
    var values = intervals.areWorthIt() ? intervals.ofValues() : List.<Interval>of();
    var recoveries =
        intervals.areWorthIt() && hasRecovery ? intervals.ofRecovery() : List.<Interval>of();
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
      interval(rows, values, cell);
      rows.append(value.n());
      number(rows, recovery.mean());
      number(rows, recovery.standardError());
      interval(rows, recoveries, cell);
      rows.endRow();
    }
  }

  /** Writes both bounds; there is no interval at all where computing them would take long. */
  private static void interval(DuckDBAppender rows, List<Interval> intervals, int cell)
      throws SQLException {
    number(rows, intervals.isEmpty() ? Double.NaN : intervals.get(cell).low());
    number(rows, intervals.isEmpty() ? Double.NaN : intervals.get(cell).high());
  }

  private static void number(DuckDBAppender rows, double value) throws SQLException {
    if (Double.isNaN(value)) {
      rows.appendNull();
    } else {
      rows.append(value);
    }
  }
}
