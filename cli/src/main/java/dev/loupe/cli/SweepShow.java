package dev.loupe.cli;

import dev.loupe.lens.Metric;
import dev.loupe.lens.Progress;
import dev.loupe.lens.sweep.BackupHeads;
import dev.loupe.lens.sweep.PathPatching;
import dev.loupe.lens.sweep.Sweep;
import dev.loupe.lens.sweep.SweepInterruptedException;
import dev.loupe.lens.sweep.SweepOptions;
import dev.loupe.lens.sweep.SweepResult;
import dev.loupe.model.HookedTransformer;
import dev.loupe.report.BackupTables;
import dev.loupe.report.SweepPage;
import dev.loupe.report.TerminalHeatmap;
import dev.loupe.report.TerminalTable;
import dev.loupe.study.PromptRow;
import dev.loupe.study.SweepFiles;
import dev.loupe.study.SweepFindings;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Carries out a sweep, shows it in the terminal and writes its results. */
final class SweepShow {
  private final LoupeCommand command;
  private final HookedTransformer model;
  private final PromptBatch prompts;
  private final SweepSettings settings;
  private final Optional<Backup> backup;

  SweepShow(
      LoupeCommand command, HookedTransformer model, PromptBatch prompts, SweepSettings settings) {
    this(command, model, prompts, settings, Optional.empty());
  }

  /** Shows after the sweep also what heads add before and after a knock-out. */
  SweepShow(
      LoupeCommand command,
      HookedTransformer model,
      PromptBatch prompts,
      SweepSettings settings,
      Optional<Backup> backup) {
    this.backup = backup;
    this.command = command;
    this.model = model;
    this.prompts = prompts;
    this.settings = settings;
  }

  /**
   * What is swept, and how it is called.
   *
   * @param kind which experiment it is
   * @param sweep the sweep
   * @param work what carries it out
   * @param what what the cells change, in a few words: {@code z at END}
   * @param interventions the same for result files
   * @param notes what a reader should know of it
   */
  record Plan(
      SweepFindings.Kind kind,
      Sweep sweep,
      Work work,
      String what,
      Map<String, Object> interventions,
      List<String> notes) {
    /** Carries the sweep out as it is. */
    Plan(
        SweepFindings.Kind kind,
        Sweep sweep,
        String what,
        Map<String, Object> interventions,
        List<String> notes) {
      this(kind, sweep, Work.of(sweep), what, interventions, notes);
    }
  }

  /**
   * What is computed: a sweep itself, or what has the sweep of its senders.
   *
   * @param computation computes it
   * @param plan says what it would compute
   */
  record Work(
      Computation computation, BiFunction<HookedTransformer, SweepOptions, List<String>> plan) {
    static Work of(Sweep sweep) {
      return new Work(sweep::run, (model, options) -> sweep.plan(model, options).explain());
    }

    static Work of(PathPatching paths) {
      return new Work(paths::run, (model, options) -> paths.plan(model, options).explain());
    }
  }

  /** Computes a result. */
  @FunctionalInterface
  interface Computation {
    SweepResult run(HookedTransformer model, SweepOptions options, Progress progress);
  }

  /** Computes what heads add before and after a knock-out. */
  @FunctionalInterface
  interface Backup {
    BackupHeads run(HookedTransformer model, SweepOptions options, Progress progress);
  }

  /** Says what would be computed. */
  private void explain(Plan plan) {
    head(PromptRow.of(plan.sweep().prompts(), model).getFirst(), plan);
    plan.work().plan().apply(model, settings.options()).forEach(command.out()::println);
  }

  /**
   * Runs it, or only explains it where that was asked for.
   *
   * @param name of the command, for the usual folder
   * @param again what to type to get it again
   * @throws CancellationException if it was interrupted, when what was finished is written
   */
  void run(String name, Plan plan, Optional<ResultTarget> target, String again) throws IOException {
    if (settings.explains()) {
      explain(plan);
      return;
    }
    var rows = PromptRow.of(plan.sweep().prompts(), model);
    head(rows.getFirst(), plan);
    command.keepOnInterruption();
    long start = System.nanoTime();
    Outcome outcome;
    var to =
        target.orElseGet(
            () -> new ResultTarget(RunFacts.usualFolder(name, model), ResultTarget.Form.FOLDER));
    try (var bar = SweepBar.of(command, "sweeping")) {
      outcome = outcome(plan.work(), to, bar);
    }
    Optional<BackupHeads> heads = Optional.empty();
    if (backup.isPresent() && outcome.isWhole()) {
      try (var bar = SweepBar.of(command, "attributing")) {
        heads = Optional.of(backup.get().run(model, settings.options(), bar));
      } catch (CancellationException e) {
        // What is interrupted cannot write files.
        boolean _ = Thread.interrupted();
        outcome = new Outcome(outcome.result(), false);
      }
    }
    command.keepWhileSaving();
    var findings =
        new SweepFindings(
            plan.kind(),
            model.provenance(),
            plan.what(),
            plan.interventions(),
            outcome.result(),
            rows,
            Stream.concat(prompts.notes().stream(), plan.notes().stream()).toList(),
            (System.nanoTime() - start) / 1e9,
            heads);
    var page = new SweepPage(findings);
    show(plan.kind(), page, outcome.result());
    var facts = RunFacts.of(prompts.facts(), again);
    var written =
        to.write(
            new ResultTarget.Results(
                file -> SweepFiles.writeJson(file, findings, facts),
                file -> SweepFiles.writeParquet(file, findings),
                () -> page.page(settings.top(), again, facts)));
    command.out().println((to.form() == ResultTarget.Form.FOLDER ? "report: " : "") + written);
    if (!outcome.isWhole()) {
      throw new CancellationException("interrupted; " + to.advice(written));
    }
    to.deleteUnfinished();
  }

  /** What a sweep came to: all of it, or what was finished when it was interrupted. */
  private record Outcome(SweepResult result, boolean isWhole) {}

  private Outcome outcome(Work work, ResultTarget to, SweepBar bar) {
    var options = to.chunks().map(settings.options()::in).orElseGet(settings::options);
    try {
      return new Outcome(work.computation().run(model, options, bar), true);
    } catch (SweepInterruptedException e) {
      // What is interrupted cannot write files.
      boolean _ = Thread.interrupted();
      return new Outcome(e.partial(), false);
    }
  }

  private void head(PromptRow first, Plan plan) {
    var out = command.out();
    command.head(
        model,
        prompts.description(),
        Stream.concat(prompts.notes().stream(), plan.notes().stream()).toList(),
        first);
    var axes =
        plan.sweep().grid().axes().stream()
            .map(axis -> axis.size() + " (" + axis.name() + ")")
            .collect(Collectors.joining(" x "));
    int cells = plan.sweep().grid().size();
    var change =
        switch (plan.kind()) {
          case PATCHING -> plan.what() + ", " + plan.sweep().direction().describe();
          case PATH_PATCHING ->
              "paths from " + plan.what() + ", " + plan.sweep().direction().describe();
          case ABLATION -> "without " + plan.what();
          case ABLATION_OF_THE_REST -> "without all but " + plan.what();
        };
    out.println(
        command.wrapped(
            cells == 1 ? "1 cell: " + change : cells + " cells: " + axes + ", " + change));
    out.println();
    out.flush();
  }

  private void show(SweepFindings.Kind kind, SweepPage page, SweepResult result) {
    var out = command.out();
    if (result.clean().n() > 0) {
      baseline(kind, result);
    }
    page.remarks().forEach(remark -> out.println(command.wrapped(remark)));
    out.println();
    page.charts().forEach(chart -> out.println(TerminalHeatmap.render(chart, command.terminal())));
    var top = page.top(settings.top());
    out.println(
        TerminalTable.render(
            TerminalTable.fits(top, command.terminal()) ? top : page.narrowTop(settings.top()),
            command.terminal()));
    page.backupHeads()
        .ifPresent(heads -> {
          out.println(command.wrapped(BackupTables.MEANING));
          out.println();
          Stream.of(heads.growing(settings.top()), heads.losing(settings.top()))
              .forEach(table -> out.println(TerminalTable.render(table, command.terminal())));
        });
  }

  private void baseline(SweepFindings.Kind kind, SweepResult result) {
    boolean two = kind.isPatching() || result.hasGap();
    var corrupted = "   corrupted " + command.bold(result.corrupted().toString());
    command
        .out()
        .println(
            "clean %s%s   (%s)"
                .formatted(
                    command.bold(result.clean().toString()),
                    two ? corrupted : "",
                    label(result.metric())));
  }

  /** A result holds a recovery's metric as it is. */
  private static String label(Metric metric) {
    return metric instanceof Metric.Recovery recovery ? recovery.of().label() : metric.label();
  }
}
