package dev.loupe.cli;

import dev.loupe.report.Cell;
import dev.loupe.report.Column;
import dev.loupe.report.Table;
import dev.loupe.report.TerminalTable;
import dev.loupe.study.run.RunDatabase;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import tools.jackson.databind.json.JsonMapper;

/** Answers questions on all runs. */
@Command(
    name = "sql",
    description = "Query all runs by SQL, as DuckDB speaks it.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    footer = {
      "",
      "Tables: runs (run, study, model, time, prompts, seed, loupe, commit, weights_sha256, dtype,",
      "seconds, headline, folder), numbers (run, path, value) of all that was found, and each table",
      "of the studies by its name, with a column run. SHOW TABLES and DESCRIBE name say more.",
      "",
      "Examples:",
      "  loupe runs sql \"SELECT run, study, model, prompts FROM runs\"",
      "  loupe runs sql \"SELECT run, value FROM numbers WHERE path = 'accuracy.mean'\"",
      "  loupe runs sql --csv \"SELECT * FROM heads WHERE layer = 3\" > heads.csv"
    })
final class RunsSqlCommand extends LoupeCommand {
  private static final int DIGITS = 4;
  private static final int MOST_DECIMALS = 12;
  private static final double SMALLEST = 1e-9;
  private static final double LARGEST = 1e15;

  @ParentCommand private RunsCommand parent = new RunsCommand();

  @Parameters(paramLabel = "QUERY", description = "Such as \"SELECT run, study FROM runs\".")
  private String query = "";

  @Option(names = "--csv", description = "Print comma-separated values, numbers in full.")
  private boolean csv;

  @Option(names = "--json", description = "Print a JSON list of rows, numbers in full.")
  private boolean json;

  @Override
  void run() throws IOException {
    if (csv && json) {
      throw wrongUsage("--csv and --json: expected one of them");
    }
    try (var database = parent.find(this).database()) {
      database.problems().forEach(this::note);
      var answer = asked(() -> database.ask(query));
      if (csv) {
        csv(answer);
      } else if (json) {
        json(answer);
      } else {
        table(answer);
      }
    }
  }

  private void csv(RunDatabase.Answer answer) {
    out().println(answer.columns().stream().map(this::field).collect(Collectors.joining(",")));
    for (var row : answer.rows()) {
      out()
          .println(
              row.stream()
                  .map(it -> it == null ? "" : field(it.toString()))
                  .collect(Collectors.joining(",")));
    }
  }

  private String field(String text) {
    return text.isEmpty() || text.matches("(?s).*[\",\\r\\n].*")
        ? "\"" + text.replace("\"", "\"\"") + "\""
        : text;
  }

  private void json(RunDatabase.Answer answer) {
    var names = new HashSet<String>();
    for (var name : answer.columns()) {
      if (!names.add(name)) {
        throw wrongUsage("--json: two columns are called " + name + "; name one by AS");
      }
    }
    var rows = new ArrayList<Object>();
    for (var values : answer.rows()) {
      var row = new LinkedHashMap<String, @Nullable Object>();
      for (int i = 0; i < values.size(); i++) {
        row.put(answer.columns().get(i), values.get(i));
      }
      rows.add(row);
    }
    out().println(JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(rows));
  }

  private void table(RunDatabase.Answer answer) {
    var columns = new ArrayList<Column>();
    for (int i = 0; i < answer.columns().size(); i++) {
      var name = answer.columns().get(i);
      columns.add(
          isNumeric(answer, i) && fitsDecimals(column(answer, i))
              ? Column.number(name, decimals(column(answer, i)))
              : Column.text(name));
    }
    var rows = answer.rows().stream().map(row -> cells(row, columns)).toList();
    int count = rows.size();
    out()
        .println(
            TerminalTable.render(
                new Table(count + (count == 1 ? " row" : " rows"), columns, rows), terminal()));
  }

  private static List<@Nullable Object> column(RunDatabase.Answer answer, int column) {
    var values = new ArrayList<@Nullable Object>();
    answer.rows().forEach(row -> values.add(row.get(column)));
    return values;
  }

  private static List<Cell> cells(List<@Nullable Object> row, List<Column> columns) {
    var cells = new ArrayList<Cell>();
    for (int i = 0; i < row.size(); i++) {
      boolean isNumber = columns.get(i).kind() instanceof Column.Kind.Numeric;
      var value = row.get(i);
      cells.add(
          isNumber
              ? Cell.of(value instanceof Number number ? finite(number) : Double.NaN)
              : Cell.of(Texts.harmless(text(value))));
    }
    return cells;
  }

  /** A sum of whole numbers is of a type that JDBC has no number for. */
  private static boolean isNumeric(RunDatabase.Answer answer, int column) {
    return answer.numeric().get(column)
        || answer.rows().stream().anyMatch(row -> row.get(column) instanceof BigInteger);
  }

  private static String text(@Nullable Object value) {
    return value instanceof Double || value instanceof Float
        ? String.format(Locale.ROOT, "%.4g", ((Number) value).doubleValue())
        : Objects.toString(value, "-");
  }

  /** Numbers that are very small or very large are written with exponents, not in columns. */
  private static boolean fitsDecimals(List<@Nullable Object> values) {
    return values.stream()
        .map(value -> value instanceof Number number ? Math.abs(finite(number)) : 0)
        .allMatch(size -> !(size > 0 && size < SMALLEST) && !(size > LARGEST));
  }

  private static double finite(Number number) {
    double value = number.doubleValue();
    return Double.isFinite(value) ? value : Double.NaN;
  }

  /** Whole numbers have none; others so many that the smallest still shows some digits. */
  private static int decimals(List<@Nullable Object> values) {
    double smallest = Double.POSITIVE_INFINITY;
    for (var value : values) {
      if (value instanceof Double || value instanceof Float || value instanceof BigDecimal) {
        double size = Math.abs(finite((Number) value));
        if (size > 0) {
          smallest = Math.min(smallest, size);
        }
      }
    }
    if (Double.isInfinite(smallest)) {
      return 0;
    }
    int magnitude = (int) Math.floor(Math.log10(smallest));
    return Math.clamp((long) DIGITS - Math.min(0, magnitude + 1), 0, MOST_DECIMALS);
  }
}
