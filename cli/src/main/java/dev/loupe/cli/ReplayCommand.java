package dev.loupe.cli;

import dev.loupe.report.Cell;
import dev.loupe.report.Column;
import dev.loupe.report.Table;
import dev.loupe.report.TerminalTable;
import dev.loupe.study.run.Difference;
import dev.loupe.study.run.Replay;
import dev.loupe.study.run.RunFolder;
import dev.loupe.study.run.StudyRun;
import dev.loupe.study.run.StudyRunner;
import dev.loupe.study.run.StudySpec;
import dev.loupe.tensor.Threads;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Carries out a study again and compares every number. */
@Command(
    name = "replay",
    description = "Carry out the study of a run folder again, and compare every number.",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    sortOptions = false,
    versionProvider = Version.class,
    footer = {
      "",
      "On the same machine the numbers are the same to the last digit: sweeps are cut up as they"
          + " were, on as many threads. Exit code 0 if all are the same, 1 if some differ. The run"
          + " folder is only read.",
      "",
      "Examples:",
      "  loupe replay runs/first",
      "  loupe replay runs/first --tolerance 1e-5",
      "  loupe replay runs/first --model gpt2-medium"
    })
final class ReplayCommand extends LoupeCommand {
  private static final int SHOWN = 20;

  @Parameters(paramLabel = "RUN", description = "The folder of a run.")
  private Path folder = Path.of("");

  @Option(
      names = "--tolerance",
      paramLabel = "X",
      description =
          "Take numbers for the same that differ by no more, scaled by the larger magnitude above 1"
              + " (default: 0).")
  private Optional<Double> tolerance = Optional.empty();

  @Option(
      names = {"-m", "--model"},
      paramLabel = "MODEL",
      description = "Replay on another model: demo, a folder, or a hub name.")
  private Optional<String> model = Optional.empty();

  @Mixin private ComputeOptions compute = new ComputeOptions();

  @Mixin private LoadingOptions loading = new LoadingOptions();

  @Override
  void run() throws IOException {
    double allowed = tolerance.orElse(0.0);
    if (!(allowed >= 0) || Double.isInfinite(allowed)) {
      throw wrongUsage("--tolerance " + allowed + ": expected 0 or more");
    }
    var run = RunFolder.at(folder);
    var spec = spec(run);
    var sweeps = Replay.sweeps(run);
    var options = asked(() -> compute.over(sweeps));
    var files = Replay.files(run);
    StudyRun again;
    try (var transformer = LoadingOptions.load(spec.model(), this);
        var stages = new StudyStages(this)) {
      Replay.matrixThreads(run).ifPresent(Threads::setMatrixThreads);
      head(transformer, "replay of " + folder);
      out().flush();
      keepOnInterruption();
      again = new StudyRunner(files, options, stages).run(spec, transformer);
    }
    show(Replay.compare(run, again, StudyShow.own(""), allowed), allowed);
  }

  private StudySpec spec(RunFolder run) throws IOException {
    var spec = run.spec(studies().studies());
    Replay.require(run, spec);
    var commit = Replay.revision(run);
    return asked(() -> {
      var recorded = spec.model();
      var same = commit.map(recorded::withRevision).orElse(recorded);
      var named = model.map(same::withName).orElse(same);
      return spec.withModel(loading.over(named));
    });
  }

  private void show(Replay replay, double allowed) {
    var out = out();
    replay
        .weights()
        .ifPresent(it ->
            out.println(
                wrapped(
                    "The model has changed: the run had weights "
                        + it.before().orElse("of no file")
                        + ", these are "
                        + it.after().orElse("of no file")
                        + ".")));
    if (!replay.circumstances().isEmpty()) {
      out.println(TerminalTable.render(circumstances(replay.circumstances()), terminal()));
    }
    if (replay.isIdentical()) {
      out.println(
          (allowed > 0 ? "the same: " : "identical: ")
              + replay.compared()
              + " numbers and texts"
              + (allowed > 0 ? " within " + said(allowed) : ", to the last digit"));
      return;
    }
    var largest =
        replay.numbers().stream()
            .sorted(
                Comparator.comparingDouble(it -> -it.relative().orElse(Double.POSITIVE_INFINITY)))
            .limit(SHOWN)
            .toList();
    int left = replay.numbers().size() - largest.size();
    var title = "what was found" + (left > 0 ? ", the " + SHOWN + " that differ most" : "");
    out.println(bold(title));
    largest.forEach(this::show);
    out.flush();
    throw new IllegalStateException(
        replay.numbers().size()
            + " of "
            + replay.compared()
            + " numbers and texts differ from the run in "
            + folder);
  }

  /** A table would cut the places, which are long and begin alike. */
  private void show(Difference it) {
    var relative =
        it.relative().isPresent()
            ? String.format(Locale.ROOT, "  relative difference %.2g", it.relative().getAsDouble())
            : "";
    var arrow = terminal().unicode() ? " \u2192 " : " -> ";
    int most = Math.max(20, (terminal().width() - relative.length() - 8) / 2);
    out().println(Texts.harmless(it.pointer()));
    out()
        .println(
            "    "
                + cut(it.before().orElse("missing"), most)
                + arrow
                + cut(it.after().orElse("missing"), most)
                + faint(relative));
  }

  private static String cut(String text, int most) {
    var plain = Texts.harmless(text);
    return plain.length() <= most ? plain : plain.substring(0, most - 3) + "...";
  }

  private static String said(double tolerance) {
    return BigDecimal.valueOf(tolerance).stripTrailingZeros().toString().replace('E', 'e');
  }

  private static Table circumstances(List<Difference> differences) {
    var table =
        Table.titled(
            "what the numbers come from",
            Column.text("where"),
            Column.text("run"),
            Column.text("replay"));
    for (var it : differences) {
      table.row(
          Cell.of(it.pointer()),
          Cell.of(it.before().orElse("missing")),
          Cell.of(it.after().orElse("missing")));
    }
    return table.build();
  }
}
