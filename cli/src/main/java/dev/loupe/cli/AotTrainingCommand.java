package dev.loupe.cli;

import dev.loupe.model.EmbeddedModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import picocli.CommandLine.Command;

/** Runs what people run, so that Java can note which classes that takes ({@code ./loupe}). */
@Command(name = "aot-training", hidden = true)
final class AotTrainingCommand extends LoupeCommand {
  private static final List<List<String>> HELP =
      List.of(
          List.of("--help"),
          List.of("activations", "--help"),
          List.of("completion"),
          List.of("tokens", "--nonsense"));
  private static final String PROMPT = "When Mary and John went to the store, John gave a drink to";

  @Override
  void run() throws IOException {
    var folder = Files.createTempDirectory("loupe-training");
    try {
      for (var arguments : hasDemo() ? commands(folder) : HELP) {
        // With colours, and never by the network; what fails here fails again where it matters.
        var shell = new Shell(Map.of("HF_HUB_OFFLINE", "1", "TERM", "xterm"), true, true);
        Main.run(shell, nowhere(), nowhere(), arguments.toArray(String[]::new));
      }
    } finally {
      ModelFolder.delete(folder);
    }
  }

  private static boolean hasDemo() {
    return ServiceLoader.load(EmbeddedModel.class).stream()
        .anyMatch(it -> it.get().name().equals("demo"));
  }

  private static List<List<String>> commands(Path folder) {
    var commands = new ArrayList<>(HELP);
    Collections.addAll(
        commands,
        List.of("demo", "--out", folder.resolve("runs").toString()),
        List.of(
            "patch",
            "--model",
            "demo",
            "--task",
            "ioi",
            "--prompts",
            "2",
            "--out",
            folder.resolve("patch").toString()),
        List.of("model", "demo"),
        List.of("tokens", "--model", "demo", PROMPT),
        List.of("generate", "--model", "demo", "--max-new-tokens", "2", PROMPT),
        List.of(
            "activations",
            "--model",
            "demo",
            "--text",
            PROMPT,
            "--out",
            folder.resolve("acts.safetensors").toString()));
    return commands;
  }

  private static PrintWriter nowhere() {
    return new PrintWriter(Writer.nullWriter());
  }
}
