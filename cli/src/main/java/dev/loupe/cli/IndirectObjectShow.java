package dev.loupe.cli;

import dev.loupe.lens.Progress;
import dev.loupe.lens.sweep.SweepOptions;
import dev.loupe.model.HookedTransformer;
import dev.loupe.report.TerminalHeatmap;
import dev.loupe.report.TerminalTable;
import dev.loupe.report.study.IoiPatchingPage;
import dev.loupe.study.ReadingJson;
import dev.loupe.study.StudyContext;
import dev.loupe.study.ioi.IoiPatching;
import dev.loupe.study.ioi.IoiPatchingFindings;
import dev.loupe.task.TaskData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** Carries out the indirect-object study, shows it in the terminal and writes its page. */
final class IndirectObjectShow {
  private final LoupeCommand command;
  private final String again;
  private final PromptSource source;

  /**
   * Prepares the show.
   *
   * @param again what to type to get it again
   * @param source where the prompts are from
   */
  IndirectObjectShow(LoupeCommand command, String again, PromptSource source) {
    this.command = command;
    this.again = again;
    this.source = source;
  }

  /** Runs a study under a bar that stands for all of its stages. */
  private record UnderBar(HookedTransformer model, Progress bar) implements StudyContext {
    @Override
    public Path file(String name) {
      return StudyContext.of(model).file(name);
    }

    @Override
    public SweepOptions sweep(String name) {
      return SweepOptions.standard();
    }

    @Override
    public Progress stage(String what) {
      return bar;
    }
  }

  void run(HookedTransformer model, IoiPatching study, Optional<Path> folder) throws IOException {
    var out = command.out();
    var data = study.prompts().read(StudyContext.of(model));
    head(model, data);
    IoiPatchingFindings findings;
    try (var bar = SweepBar.of(command, "patching heads")) {
      findings = study.run(new UnderBar(model, bar), data);
    }
    var effects = findings.effects();
    out.printf(
        Locale.ROOT,
        "accuracy %s   clean %s   corrupted %s   (logit difference, IO minus S)%n%n",
        command.bold(String.format(Locale.ROOT, "%.1f %%", 100 * effects.accuracy())),
        command.bold(String.format(Locale.ROOT, "%+.2f", effects.clean().mean())),
        command.bold(String.format(Locale.ROOT, "%+.2f", effects.corrupted().mean())));
    var page = new IoiPatchingPage(findings);
    out.println(TerminalHeatmap.render(page.recovery(), command.terminal()));
    out.println(TerminalTable.render(page.heads(), command.terminal()));
    page.conclusions().forEach(sentence -> out.println(command.wrapped(sentence)));
    out.println();
    write(page, folder.orElseGet(() -> RunFacts.usualFolder("ioi", model)));
  }

  private void head(HookedTransformer model, TaskData data) {
    command.head(model, data.size() + " prompts, " + data.corruption() + ", " + source);
    data.notes().forEach(command::note);
    var first = data.examples().getFirst();
    command.out().println("  clean      " + Texts.harmless(first.clean().text()));
    command.out().println("  corrupted  " + Texts.harmless(first.corrupted().text()));
    command.out().flush();
  }

  private void write(IoiPatchingPage page, Path folder) throws IOException {
    Files.createDirectories(folder);
    var facts = RunFacts.of(source.facts(), again);
    var findings = page.findings();
    var json = new ReadingJson(findings.study().name());
    findings
        .numbers()
        .forEach((name, value) -> {
          if (value != null) {
            json.put(name, value);
          }
        });
    json.putPrompts(findings.prompts())
        .write(folder.resolve("result.json"), findings.model(), facts);
    var file = folder.resolve("report.html");
    page.page(again, facts).write(file);
    command.out().println("report: " + file);
  }
}
