package dev.loupe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What needs no tensor starts no native library: each command in a JVM of its own, which is asked
 * what it loaded and what it initialised. (picocli loads the types in the signatures of a command;
 * that is cheap as long as their static initialisers do not run.)
 */
class LightStartTest {
  private static final Pattern INITIALISED = Pattern.compile("Initializing '([^']+)'");

  @TempDir private Path folder = Path.of("");

  private record Classes(Set<String> loaded, Set<String> initialised) {}

  @Test
  void helpAndTheLikeStartNoModel() throws Exception {
    for (var arguments :
        List.of(
            List.of("--help"),
            List.of("activations", "--help"),
            List.of("run", "--help"),
            List.of("explore", "--help"),
            List.of("runs", "sql", "--help"),
            List.of("completion"))) {
      var classes = classesOf(arguments);
      assertThat(classes.initialised)
          .as(arguments.toString())
          .contains("dev.loupe.cli.Main")
          .noneMatch(c -> c.matches("dev\\.loupe\\.(tensor|model)\\..*"));
      assertThat(classes.loaded)
          .contains("dev.loupe.cli.Main")
          .noneMatch(
              c -> c.matches("(org.bytedeco|ai.djl|tools.jackson|org.duckdb|io.javalin)\\..*"));
    }
  }

  @Test
  void tokensStartNoTensor() throws Exception {
    var model = TinyModel.write(folder).toString();
    var classes = classesOf(List.of("tokens", "--model", model, "When"));
    assertThat(classes.initialised)
        .contains("dev.loupe.model.Tokenizer")
        .noneMatch(c -> c.startsWith("dev.loupe.tensor."));
    assertThat(classes.loaded).noneMatch(c -> c.startsWith("org.bytedeco."));
  }

  @Test
  void runsAndSpecificationsStartNoTensor() throws Exception {
    var run = Files.createDirectories(folder.resolve("first"));
    Files.writeString(
        run.resolve("result.json"),
        "{\"study\": \"a\", \"clean\": 1.5, \"provenance\": {\"model\": \"demo\"}}");
    var root = folder.toString();
    for (var arguments :
        List.of(
            List.of("runs", "--root", root),
            List.of("runs", "compare", "first", "first", "--root", root),
            List.of("runs", "sql", "--root", root, "SELECT * FROM numbers"),
            List.of("run", "--list"),
            List.of("run", "induction", "--print"))) {
      assertThat(classesOf(arguments).loaded)
          .as(arguments.toString())
          .contains("dev.loupe.cli.Main")
          .noneMatch(c -> c.matches("(org.bytedeco|ai.djl)\\..*"));
    }
  }

  @Test
  void circuitFilesStartNoTensor() throws Exception {
    var nodes = folder.resolve("nodes.json");
    Files.writeString(nodes, "{\"nodes\": [\"input\", \"a9.h9\"]}");
    var out = folder.resolve("compared").toString();
    for (var arguments :
        List.of(
            List.of("circuit", "compare", nodes.toString(), "wang-2022-ioi", "--out", out),
            List.of("circuit", "show", nodes.toString()))) {
      assertThat(classesOf(arguments).loaded)
          .as(arguments.toString())
          .contains("dev.loupe.cli.CircuitCommand")
          .noneMatch(c -> c.matches("(org.bytedeco|ai.djl)\\..*"));
    }
  }

  private static Classes classesOf(List<String> arguments)
      throws IOException, InterruptedException {
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-Xlog:class+load:stdout:none",
                "-Xlog:class+init=info:stdout:none",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                "dev.loupe.cli.Main"));
    command.addAll(arguments);
    var process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    var loaded = new HashSet<String>();
    var initialised = new HashSet<String>();
    try (var output = process.inputReader()) {
      output
          .lines()
          .forEach(line -> {
            var match = INITIALISED.matcher(line);
            if (match.find()) {
              initialised.add(match.group(1).replace('/', '.'));
            } else if (line.contains(" source: ")) {
              loaded.add(line.substring(0, line.indexOf(' ')));
            }
          });
    }
    assertThat(process.waitFor()).as(arguments.toString()).isZero();
    return new Classes(loaded, initialised);
  }
}
