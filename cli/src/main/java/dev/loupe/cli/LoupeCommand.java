package dev.loupe.cli;

import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Token;
import dev.loupe.model.hub.HubConfig;
import dev.loupe.report.PromptLines;
import dev.loupe.report.Terminal;
import dev.loupe.study.PromptRow;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What all commands share: where results and notes go, and how wrong usage is told. */
abstract class LoupeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  /** Does the work; what it throws becomes one line on standard error and exit code 1. */
  abstract void run() throws Exception;

  @Override
  public final Integer call() throws Exception {
    run();
    return exitCode();
  }

  /** Returns the exit code of work that was carried out. */
  int exitCode() {
    return 0;
  }

  /** Returns where results go. */
  final PrintWriter out() {
    return spec.commandLine().getOut();
  }

  /** Returns where progress and notes go. */
  final PrintWriter err() {
    return spec.commandLine().getErr();
  }

  /** Returns the whole command line. */
  final CommandLine root() {
    return spec.root().commandLine();
  }

  final Shell shell() {
    return ((Main) spec.root().userObject()).shell();
  }

  /** Returns the studies that there are. */
  final StudyShelf studies() {
    return ((Main) spec.root().userObject()).studies();
  }

  /** Returns what the results' end can show. */
  final Terminal terminal() {
    return shell().out();
  }

  /** Returns text in bold where the results' end has colours. */
  final String bold(String text) {
    return Shell.bold(terminal(), text);
  }

  /** Returns text that stands back where the results' end has colours. */
  final String faint(String text) {
    return Shell.faint(terminal(), text);
  }

  /** Returns a text broken into lines that fit the results' end. */
  final String wrapped(String text) {
    return wrapped(text, Math.min(terminal().width(), 100));
  }

  private static String wrapped(String text, int most) {
    int width = Math.max(most, 40);
    var lines = new StringBuilder();
    int column = 0;
    for (var word : text.split(" ", -1)) {
      if (column > 0 && column + 1 + word.length() > width) {
        lines.append(System.lineSeparator());
        column = 0;
      }
      lines.append(column == 0 ? "" : " ").append(word);
      column += word.length() + (column == 0 ? 0 : 1);
    }
    return lines.toString();
  }

  /** Prints which model runs, and on what. */
  final void head(HookedTransformer model, String what) {
    var config = model.config();
    String sha = model.provenance().weightsSha256();
    var facts =
        "(%s, %d layers x %d heads, weights %s)"
            .formatted(
                config.family(),
                config.nLayers(),
                config.nHeads(),
                sha.substring(0, Math.min(12, sha.length())));
    var plain = Texts.harmless(what);
    int width = model.name().length() + facts.length() + plain.length() + 4;
    var gap = width > terminal().width() ? System.lineSeparator() + "  " : "  ";
    out().println(bold(model.name()) + "  " + faint(facts) + gap + plain);
  }

  /** Prints which model runs, on what prompts, the first of them and its answers, and remarks. */
  final void head(HookedTransformer model, String what, List<String> notes, PromptRow first) {
    head(model, what);
    notes.forEach(this::note);
    out().println(tokenLine("  clean      ", first.clean()));
    if (!first.clean().equals(first.corrupted())) {
      out().println(tokenLine("  corrupted  ", first.corrupted()));
    }
    out().println("  " + Texts.harmless(PromptLines.answers(first)));
  }

  /** Returns a prompt token by token, in lines that fit the terminal. */
  final String tokenLine(String title, List<Token> tokens) {
    var bar = faint(terminal().unicode() ? "│" : "|");
    var lines = new StringBuilder(title);
    int column = title.length();
    for (var token : tokens) {
      var quoted = Texts.quoted(token.text());
      var text =
          token.text().isEmpty()
              ? Long.toString(token.id())
              : quoted.substring(1, quoted.length() - 1);
      if (column > title.length() && column + text.length() + 1 > terminal().width()) {
        lines.append(System.lineSeparator()).append(" ".repeat(title.length()));
        column = title.length();
      }
      lines.append(text).append(bar);
      column += text.length() + 1;
    }
    return lines.substring(0, lines.length() - bar.length());
  }

  /** Prints a remark for a person, aside from the results. */
  final void note(String text) {
    var lines = shell().errIsTerminal() ? wrapped(text, shell().err().width()) : text;
    err().println(Shell.faint(shell().err(), lines));
  }

  /** Has Ctrl-C interrupt this thread, so that what is finished can be kept. */
  final void keepOnInterruption() {
    ((Main) spec.root().userObject()).interruption().watch();
  }

  /** Has the process wait, after Ctrl-C, until the results are written. */
  final void keepWhileSaving() {
    ((Main) spec.root().userObject()).interruption().saving();
  }

  /** Returns the hub that the environment names. */
  final HubConfig hub() {
    return HubConfig.fromEnvironment(shell().environment());
  }

  /** Returns the error of wrong usage: exit code 2. */
  final ParameterException wrongUsage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  /** Does as {@link #asked(Supplier)}, for what does not know which option it is of. */
  final <T> T asked(String option, Supplier<T> body) {
    return asked(() -> {
      try {
        return body.get();
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(option + ": " + e.getMessage(), e);
      }
    });
  }

  /**
   * Computes what the user asked for in so many words: that the model refuses it is wrong usage,
   * not a failure.
   */
  final <T> T asked(Supplier<T> body) {
    try {
      return body.get();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }
}
