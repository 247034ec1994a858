package dev.loupe.cli;

import java.util.Optional;
import picocli.CommandLine.Command;

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
final class CircuitScoreCommand extends CircuitSearch {
  CircuitScoreCommand() {
    super("score");
  }

  @Override
  Optional<ChoiceOptions> choice() {
    return Optional.empty();
  }
}
