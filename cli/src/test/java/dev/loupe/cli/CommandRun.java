package dev.loupe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** What one command line gave. */
record CommandRun(int exitCode, String out, String err) {
  /** Runs it in this process, away from any terminal and from the network. */
  static CommandRun of(String... arguments) {
    return of(new Shell(Map.of("HF_HUB_OFFLINE", "1"), false, false), arguments);
  }

  static CommandRun of(Shell shell, String... arguments) {
    return of(shell, StudyShelf::standard, arguments);
  }

  /** Runs it where there are other studies. */
  static CommandRun of(StudyShelf studies, String... arguments) {
    return of(new Shell(Map.of("HF_HUB_OFFLINE", "1"), false, false), () -> studies, arguments);
  }

  private static CommandRun of(Shell shell, Supplier<StudyShelf> studies, String... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    int code = Main.run(shell, studies, new PrintWriter(out), new PrintWriter(err), arguments);
    return new CommandRun(code, out.toString(), err.toString());
  }

  /** Asserts that it worked, and returns the lines of its results. */
  List<String> lines() {
    assertThat(err).isEmpty();
    assertThat(exitCode).isZero();
    return out.lines().toList();
  }

  /** Asserts that it failed with one line and no result. */
  void failedWith(int code, String... words) {
    assertThat(err).startsWith("loupe: ").contains(words);
    assertThat(err.lines()).hasSize(1);
    assertThat(out).isEmpty();
    assertThat(exitCode).isEqualTo(code);
  }
}
