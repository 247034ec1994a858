package dev.loupe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {
  @TempDir private Path folder = Path.of("");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "explore",
        "model",
        "tokens",
        "generate",
        "activations",
        "ioi",
        "pull",
        "completion"
      })
  void everyCommandHasHelpWithAnExample(String command) {
    var help = CommandRun.of(command, "--help").lines();
    assertThat(help.getFirst()).startsWith("Usage: loupe " + command);
    assertThat(help).contains("Examples:").allMatch(line -> line.length() <= 100);
    assertThat(CommandRun.of("--help").out()).contains("  " + command + " ");
  }

  @Test
  void theVersionIsThatOfTheBuild() {
    assertThat(Version.current()).matches("\\d+\\.\\d+\\.\\d+(-SNAPSHOT)?");
    assertThat(CommandRun.of("--version").lines())
        .singleElement()
        .asString()
        .startsWith("loupe " + Version.current() + " ");
  }

  @Test
  void completionIsAScriptThatKnowsTheCommands() {
    assertThat(CommandRun.of("completion").out())
        .startsWith("#!/usr/bin/env bash")
        .contains("activations", "--max-new-tokens")
        .doesNotContain("aot-training");
  }

  @Test
  void wrongUsageIsOneLine() {
    CommandRun.of("tokns").failedWith(2, "'tokns'", "did you mean tokens", "loupe --help");
    CommandRun.of("tokens", "--modle", "x", "y").failedWith(2, "--model", "loupe tokens --help");
    var alone = CommandRun.of();
    assertThat(alone.err()).startsWith("Usage: loupe");
    assertThat(alone.exitCode()).isEqualTo(2);
  }

  @Test
  void theStackTraceIsShownOnlyWhereAsked() {
    var missing = folder.resolve("none").toString();
    CommandRun.of("model", missing).failedWith(1, missing);
    var shown = CommandRun.of("model", missing, "--debug");
    assertThat(shown.err())
        .startsWith("loupe: no folder")
        .contains("\tat dev.loupe.model.ModelLoader");
    assertThat(shown.exitCode()).isEqualTo(1);
  }

  @Test
  void malformedFilesAreNamed() throws IOException {
    var model = TinyModel.write(folder.resolve("m"));
    var weights = model.resolve("model.safetensors");
    var bytes = Files.readAllBytes(weights);
    Files.write(weights, java.util.Arrays.copyOf(bytes, bytes.length - 4));
    CommandRun.of("model", model.toString()).failedWith(1, "model.safetensors");
    Files.writeString(model.resolve("config.json"), "{");
    CommandRun.of("model", model.toString()).failedWith(1, "config.json");
  }

  @Test
  void aConfigFieldCanBeVouchedFor() throws IOException {
    var model = TinyModel.write(folder.resolve("m"));
    var config = model.resolve("config.json");
    Files.writeString(config, Files.readString(config).replace("{", "{\"odd_field\": 1, "));
    CommandRun.of("model", model.toString()).failedWith(1, "odd_field");
    assertThat(CommandRun.of("model", model.toString(), "--ignore-config", "odd_field").exitCode())
        .isZero();
  }

  @Test
  void coloursAreForTerminalsThatWantThem() {
    var model = TinyModel.write(folder.resolve("m")).toString();
    var terminal = Map.of("TERM", "xterm-256color");
    assertThat(CommandRun.of(new Shell(terminal, true, true), "model", model).out())
        .contains("\u001b[1m");
    assertThat(CommandRun.of(new Shell(terminal, true, true), "--help").out()).contains("\u001b[");
    assertThat(CommandRun.of(new Shell(terminal, true, true), "nonsense").err())
        .contains("\u001b[");
    var without = Map.of("TERM", "xterm-256color", "NO_COLOR", "1");
    for (var shell :
        new Shell[] {new Shell(without, true, true), new Shell(terminal, false, false)}) {
      assertThat(CommandRun.of(shell, "model", model).out()).doesNotContain("\u001b");
      assertThat(CommandRun.of(shell, "--help").out()).doesNotContain("\u001b");
      assertThat(CommandRun.of(shell, "nonsense").err()).doesNotContain("\u001b");
    }
  }

  @Test
  void errorsOfTheMachineAreOneLineToo() {
    var failures = new Failures(new Main(new Shell(Map.of(), false, false), StudyShelf::standard));
    assertThat(line(failures, new OutOfMemoryError("Java heap space")))
        .contains("out of memory", "Java heap space", "LOUPE_JAVA_OPTS");
    assertThat(line(failures, new UnsatisfiedLinkError("no jnitorch")))
        .contains("native libraries", "no jnitorch");
    var later = new NoClassDefFoundError("Could not initialize class Torch");
    later.initCause(
        new ExceptionInInitializerError("Exception java.lang.UnsatisfiedLinkError: no jnitorch"));
    assertThat(line(failures, later)).contains("native libraries", "no jnitorch");
    assertThat(line(failures, new NoSuchMethodError("f()")))
        .contains("unexpected", "f()")
        .doesNotContain("native");
    assertThat(line(failures, new NoClassDefFoundError("a/B"))).doesNotContain("native");
    assertThat(line(failures, new NullPointerException("a\nb")))
        .contains("unexpected", "a b", "--debug");
    assertThat(line(failures, new java.nio.file.AccessDeniedException("/x")))
        .contains("permission denied: /x");
  }

  private static String line(Failures failures, Throwable e) {
    var err = new StringWriter();
    assertThat(failures.report(e, new PrintWriter(err))).isEqualTo(1);
    assertThat(err.toString().lines()).singleElement().asString().startsWith("loupe: ");
    return err.toString();
  }

  @Test
  void resultsThatDoNotArriveAreAFailure() {
    var full = new StandardOutput(failing("No space left on device"));
    new PrintWriter(full, true, StandardCharsets.UTF_8).println("x");
    var err = new StringWriter();
    assertThat(full.exitCode(0, new PrintWriter(err))).isEqualTo(1);
    assertThat(err.toString()).contains("No space left on device");

    var closed = new StandardOutput(failing("Broken pipe"));
    new PrintWriter(closed, true, StandardCharsets.UTF_8).println("x");
    var quiet = new StringWriter();
    assertThat(closed.exitCode(0, new PrintWriter(quiet))).isEqualTo(141);
    assertThat(quiet.toString()).isEmpty();
  }

  private static OutputStream failing(String reason) {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        throw new IOException(reason);
      }
    };
  }
}
