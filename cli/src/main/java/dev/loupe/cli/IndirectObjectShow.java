package dev.loupe.cli;

import dev.loupe.lens.sweep.SweepOptions;
import dev.loupe.report.TerminalHeatmap;
import dev.loupe.report.TerminalTable;
import dev.loupe.report.study.IoiPatchingPage;
import dev.loupe.study.StudyContext;
import dev.loupe.study.ioi.IoiPatching;
import dev.loupe.study.ioi.IoiPatchingFindings;
import dev.loupe.study.ioi.IoiPrompts;
import dev.loupe.study.run.SpecFiles;
import dev.loupe.task.TaskData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/** Tells the indirect-object study in the terminal, for those who meet Loupe with it. */
final class IndirectObjectShow {
  private IndirectObjectShow() {}

  static void run(LoupeCommand command, IoiPatching study, StudyShow show) throws IOException {
    var out = command.out();
    try (var model = LoadingOptions.load(show.spec().model(), command)) {
      var data = study.prompts().read(StudyContext.of(model));
      command.head(
          model, data.size() + " prompts, " + data.corruption() + ", " + source(study.prompts()));
      data.notes().forEach(command::note);
      prompts(command, data);
      var run = show.run(model, SpecFiles.in(Path.of("")), SweepOptions.standard());
      var page = new IoiPatchingPage((IoiPatchingFindings) run.findings());
      var effects = page.findings().effects();
      out.printf(
          Locale.ROOT,
          "accuracy %s   clean %s   corrupted %s   (logit difference, IO minus S)%n%n",
          command.bold(String.format(Locale.ROOT, "%.1f %%", 100 * effects.accuracy())),
          command.bold(String.format(Locale.ROOT, "%+.2f", effects.clean().mean())),
          command.bold(String.format(Locale.ROOT, "%+.2f", effects.corrupted().mean())));
      out.println(TerminalHeatmap.render(page.recovery(), command.terminal()));
      out.println(TerminalTable.render(page.heads(), command.terminal()));
      page.conclusions().forEach(sentence -> out.println(command.wrapped(sentence)));
      out.println();
      show.write(run, page);
    }
  }

  private static String source(IoiPrompts prompts) {
    return prompts.file().isEmpty() ? "seed " + prompts.seed() : "from " + prompts.file();
  }

  private static void prompts(LoupeCommand command, TaskData data) {
    var first = data.examples().getFirst();
    command.out().println("  clean      " + Texts.harmless(first.clean().text()));
    command.out().println("  corrupted  " + Texts.harmless(first.corrupted().text()));
  }
}
