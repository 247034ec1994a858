package dev.loupe.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Scores every edge and node, and chooses nothing. */
@Command(
    name = "score",
    description = "Score every edge and every node, and choose nothing.",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    sortOptions = false,
    versionProvider = Version.class,
    footer = {
      "",
      "A score is positive where the edge, carrying its clean value, raises the metric. circuit.json"
          + " has them all, for `loupe circuit evaluate' and other programs.",
      "",
      "Examples:",
      "  loupe circuit score --model demo --task ioi --method eap",
      "  loupe circuit score --model gpt2 --task ioi --method eap-ig --steps 10 --out scores.json"
    })
final class CircuitScoreCommand extends LoupeCommand {
  @Mixin private ModelOption model = new ModelOption();

  @Mixin private PairOptions prompts = new PairOptions();

  @Mixin private MethodOptions method = new MethodOptions();

  @Mixin private AblationOptions ablation = new AblationOptions();

  @Option(
      names = {"-o", "--out"},
      paramLabel = "PATH",
      description = CircuitSearch.OUT)
  private Optional<Path> out = Optional.empty();

  @Override
  void run() throws IOException {
    new CircuitSearch(this, model, prompts, method, ablation, Optional.empty(), out).run("score");
  }
}
