package dev.loupe.cli;

import dev.loupe.report.Cell;
import dev.loupe.report.Column;
import dev.loupe.report.Table;
import dev.loupe.report.TerminalTable;
import dev.loupe.study.run.RunComparison;
import dev.loupe.study.run.RunSummary;
import dev.loupe.study.run.Runs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.ScopeType;

/** Lists runs, compares them, and asks them questions. */
@Command(
    name = "runs",
    description = "List the runs that there are, compare two, or query all by SQL.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    subcommands = {
      RunsCommand.ListCommand.class,
      RunsCommand.CompareCommand.class,
      RunsSqlCommand.class
    },
    footer = {
      "",
      "Examples:",
      "  loupe runs",
      "  loupe runs compare ioi-patching-demo-20261121-043344 ioi-patching-demo-20261121-051200",
      "  loupe runs sql \"SELECT run, study, model FROM runs ORDER BY time\""
    })
final class RunsCommand extends LoupeCommand {
  private static final int GAP = 2;
  private static final int TIME = "2026-11-21 04:33".length();
  private static final int FEWEST = 16;

  @Option(
      names = "--root",
      paramLabel = "FOLDER",
      defaultValue = "runs",
      scope = ScopeType.INHERIT,
      description = "Where the runs are (default: ${DEFAULT-VALUE}).")
  private Path root = Path.of("runs");

  @Override
  void run() throws IOException {
    list(this);
  }

  /** Finds the runs for a command, saying which cannot be read. */
  Runs find(LoupeCommand command) throws IOException {
    var runs = Runs.under(root);
    runs.problems().forEach(command::note);
    return runs;
  }

  private void list(LoupeCommand command) throws IOException {
    var runs = find(command);
    if (runs.runs().isEmpty()) {
      command.out().println("no runs under " + root);
      return;
    }
    // A name that is cut cannot be compared: what was found gives way to it, then the time.
    int wide = command.terminal().width();
    int room = wide - width(runs, RunSummary::name) - width(runs, RunSummary::study);
    room -= width(runs, RunSummary::model) + "prompts".length() + 4 * GAP + TIME;
    var table =
        room > FEWEST
            ? table(runs, true, Optional.of(room - GAP))
            : table(runs, room >= 0, Optional.empty());
    command.out().println(TerminalTable.render(table, command.terminal()));
  }

  private static int width(Runs runs, Function<RunSummary, String> column) {
    return runs.runs().stream().mapToInt(run -> column.apply(run).length()).max().orElse(0);
  }

  private Table table(Runs runs, boolean isTimed, Optional<Integer> found) {
    var columns =
        new ArrayList<>(
            List.of(
                Column.text("run"),
                Column.text("study"),
                Column.text("model"),
                Column.number("prompts", 0)));
    if (isTimed) {
      columns.add(Column.text("time (UTC)"));
    }
    if (found.isPresent()) {
      columns.add(Column.text("found"));
    }
    var table = Table.titled("runs under " + root, columns.toArray(Column[]::new));
    for (var run : runs.runs()) {
      var row = new ArrayList<Cell>();
      row.add(Cell.of(run.name()));
      row.add(Cell.of(run.study()));
      row.add(Cell.of(run.model()));
      row.add(Cell.of(run.prompts().isPresent() ? (double) run.prompts().getAsLong() : Double.NaN));
      if (isTimed) {
        row.add(Cell.of(run.time().replaceFirst("(T\\d\\d:\\d\\d).*", "$1").replace('T', ' ')));
      }
      found.ifPresent(most -> row.add(Cell.of(cut(run.headline().orElse(""), most))));
      table.row(row.toArray(Cell[]::new));
    }
    return table.build();
  }

  private static String cut(String text, int most) {
    return text.length() <= most ? text : text.substring(0, most - 3) + "...";
  }

  /** Lists the runs. */
  @Command(
      name = "list",
      description = "List the runs, the latest first.",
      mixinStandardHelpOptions = true,
      versionProvider = Version.class)
  static final class ListCommand extends LoupeCommand {
    @ParentCommand private RunsCommand parent = new RunsCommand();

    @Override
    void run() throws IOException {
      parent.list(this);
    }
  }

  /** Compares two runs. */
  @Command(
      name = "compare",
      description = "Put two runs side by side: what was asked differently, and what was found.",
      mixinStandardHelpOptions = true,
      versionProvider = Version.class)
  static final class CompareCommand extends LoupeCommand {
    @ParentCommand private RunsCommand parent = new RunsCommand();

    @Parameters(index = "0", paramLabel = "A", description = "A run, as runs list names it.")
    private String first = "";

    @Parameters(index = "1", paramLabel = "B", description = "Another one.")
    private String second = "";

    @Override
    void run() throws IOException {
      var runs = parent.find(this);
      show(RunComparison.of(runs.named(first), runs.named(second)));
    }

    private void show(RunComparison comparison) {
      rows("asked differently", comparison.options());
      rows("other circumstances", comparison.circumstances());
      rows("found", comparison.numbers());
      lists(comparison.lists().stream().filter(row -> !row.isSame()).toList());
      long values = comparison.numbers().stream().filter(RunComparison.Row::isSame).count();
      long lists = comparison.lists().stream().filter(RunComparison.ListRow::isSame).count();
      boolean all = values == comparison.numbers().size() && lists == comparison.lists().size();
      out()
          .println(
              (all ? "both found the same: " : "the same in both: ")
                  + count(values, "single value")
                  + " and "
                  + count(lists, "list"));
    }

    private static String count(long number, String what) {
      return number + " " + what + (number == 1 ? "" : "s");
    }

    private void lists(List<RunComparison.ListRow> rows) {
      if (rows.isEmpty()) {
        return;
      }
      var table =
          Table.titled(
              "found, in lists",
              Column.text("list"),
              Column.number("values", 0),
              Column.number("only in one", 0),
              Column.number("differ", 0),
              Column.text("at most by"),
              Column.text("at"));
      for (var row : rows) {
        table.row(
            Cell.of(row.path()),
            Cell.of(row.compared()),
            Cell.of(row.onlyOne()),
            Cell.of(row.differing()),
            Cell.of(row.largest().isPresent() ? plain(row.largest().getAsDouble()) : ""),
            Cell.of(row.largest().orElse(0) > 0 ? row.where() : ""));
      }
      out().println(TerminalTable.render(table.build(), terminal()));
    }

    private void rows(String title, List<RunComparison.Row> all) {
      var rows = all.stream().filter(row -> !row.isSame()).toList();
      if (rows.isEmpty()) {
        return;
      }
      var table =
          Table.titled(
              title,
              Column.text("what"),
              Column.text(first.equals(second) ? "A" : first),
              Column.text(first.equals(second) ? "B" : second),
              Column.text("change"));
      for (var row : rows) {
        table.row(
            Cell.of(row.path()),
            Cell.of(row.first().orElse("-")),
            Cell.of(row.second().orElse("-")),
            Cell.of(row.change().isPresent() ? plain(row.change().getAsDouble()) : ""));
      }
      out().println(TerminalTable.render(table.build(), terminal()));
    }

    private static String plain(double number) {
      boolean whole = number == Math.rint(number) && Math.abs(number) < 1e9;
      return String.format(Locale.ROOT, whole ? "%.0f" : "%.4g", number);
    }
  }
}
