package dev.loupe.cli;

import dev.loupe.model.LoadOptions;
import dev.loupe.model.hub.HubException;
import dev.loupe.report.Cell;
import dev.loupe.report.Column;
import dev.loupe.report.Table;
import dev.loupe.report.TerminalTable;
import dev.loupe.report.VerifyPage;
import dev.loupe.study.StudyContext;
import dev.loupe.study.verify.PublishedFigures;
import dev.loupe.study.verify.Subject;
import dev.loupe.study.verify.Verification;
import dev.loupe.study.verify.VerificationFindings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Recomputes what others have published of a model. */
@Command(
    name = "verify",
    description = "Recompute published figures of a model, and say which are reproduced.",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    sortOptions = false,
    versionProvider = Version.class,
    footer = {
      "",
      "Exit code: 0 where no figure is off, 1 where one is, 2 where the model cannot be had. What"
          + " was not run, such as a figure of 12 layers on a model of 4, does not count as off.",
      "",
      "Examples:",
      "  loupe verify gpt2",
      "  loupe verify pythia-410m --from ./models/pythia-410m",
      "  loupe verify --list"
    })
final class VerifyCommand extends LoupeCommand {
  @Parameters(
      paramLabel = "MODEL",
      arity = "0..1",
      description = "gpt2 or pythia-410m: whose figures, and the model from the hub.")
  private Optional<String> name = Optional.empty();

  @Option(
      names = "--from",
      paramLabel = "MODEL",
      description = "Take the weights of another hub name, or of a folder, in place of MODEL's.")
  private Optional<String> from = Optional.empty();

  @Option(
      names = "--figures",
      paramLabel = "FILE",
      description = "Take the figures, and which model they are of, from a file of your own.")
  private Optional<Path> file = Optional.empty();

  @Option(names = "--list", description = "List the figures, without loading a model.")
  private boolean list;

  @Mixin private ReadingOutput output = new ReadingOutput();

  private int code;

  @Override
  int exitCode() {
    return code;
  }

  @Override
  void run() throws IOException {
    if (name.isPresent() && file.isPresent()) {
      throw wrongUsage("MODEL and --figures: a file says itself which model it is of");
    }
    if (list) {
      list();
      return;
    }
    var figures = figures();
    var target = output.target();
    VerificationFindings findings;
    try (var subject = subject(figures)) {
      var model = subject.model();
      head(model, figures.figures().size() + " published figures of " + figures.model());
      out().println();
      out().flush();
      keepOnInterruption();
      try (var bar = SweepBar.of(this, "figures")) {
        findings = Verification.run(figures, subject, StudyContext.of(model), bar);
      }
      keepWhileSaving();
      var page = new VerifyPage(findings);
      show(page);
      var facts = RunFacts.of(Map.of("figures", origin()), again());
      ReadingOutput.write(
          this,
          model,
          "verify",
          target,
          facts,
          findings.json(),
          given -> page.page(again(), given));
    }
    code = findings.off() > 0 ? 1 : 0;
    if (!findings.complete()) {
      throw new CancellationException("interrupted; what was finished is in the results");
    }
  }

  private PublishedFigures figures() throws IOException {
    if (file.isPresent()) {
      return read(file.get());
    }
    if (name.isEmpty()) {
      throw wrongUsage("whose figures? expected " + String.join(" or ", PublishedFigures.models()));
    }
    return asked(() -> PublishedFigures.of(name.get()));
  }

  private PublishedFigures read(Path path) throws IOException {
    if (!Files.isRegularFile(path)) {
      throw wrongUsage("--figures " + path + ": no such file");
    }
    byte[] json = Files.readAllBytes(path);
    return asked(() -> PublishedFigures.read(json, path.toString()));
  }

  private String origin() {
    return file.map(Path::toString).orElse("those that come with Loupe");
  }

  /** Brings the model; that it cannot be had is not a figure that is off. */
  private Subject subject(PublishedFigures figures) {
    var model = from.orElse(figures.model());
    var options = LoadOptions.standard().raw().withHub(hub());
    try {
      return Subject.of(LoadingOptions.load(model, options, this));
    } catch (HubException e) {
      throw wrongUsage(
          model
              + " cannot be had: "
              + e.getMessage()
              + "; with --from FOLDER the weights are taken from a folder");
    } catch (IllegalArgumentException e) {
      throw wrongUsage(model + " cannot be loaded: " + e.getMessage());
    }
  }

  private void show(VerifyPage page) {
    for (var source : page.sources()) {
      out().println(TerminalTable.render(page.table(source), terminal()));
    }
    page.off().ifPresent(table -> out().println(TerminalTable.render(table, terminal())));
    var notRun = page.notRun();
    if (!notRun.isEmpty()) {
      out().println(bold("Not run"));
      notRun.forEach(line -> out().println(wrapped("  " + Texts.harmless(line))));
      out().println();
    }
    out().println(bold(page.counts()));
  }

  private void list() throws IOException {
    if (name.isPresent() || file.isPresent()) {
      list(figures());
      return;
    }
    for (var model : PublishedFigures.models()) {
      list(PublishedFigures.of(model));
    }
  }

  private void list(PublishedFigures figures) {
    out().println(bold(figures.model()) + "  " + figures.figures().size() + " published figures");
    out().println();
    for (var source : figures.sources()) {
      var table =
          Table.titled(
              source.title(),
              Column.text("figure"),
              Column.text("what it is"),
              Column.text("tolerance"));
      var listed = figures.of(source);
      for (var figure : listed) {
        table.row(
            Cell.of(figure.id()),
            Cell.of(figure.what()),
            Cell.of(figure.work().map(it -> it.comparison().words()).orElse("not run")));
      }
      if (!listed.isEmpty()) {
        out().println(TerminalTable.render(table.build(), terminal()));
      }
    }
  }

  private String again() {
    var line = new StringBuilder("./loupe verify");
    name.ifPresent(model -> line.append(' ').append(Shell.quoted(model)));
    from.ifPresent(model -> line.append(" --from ").append(Shell.quoted(model)));
    file.ifPresent(path -> line.append(" --figures ").append(Shell.quoted(path.toString())));
    return line.toString();
  }
}
