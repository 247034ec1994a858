package dev.loupe.cli;

import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Finds a circuit. */
@Command(
    name = "find",
    description = "Find the edges that carry a behaviour.",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    sortOptions = false,
    versionProvider = Version.class,
    footer = {
      "",
      "Every edge is scored, and the circuit chosen by the scores: by --edges, --greedy, --threshold"
          + " or --budget. acdc chooses as it tries edges; it keeps those whose removal harms,"
          + " with --absolute also those whose removal helps. --method node patches whole nodes.",
      "",
      "Examples:",
      "  loupe circuit find --model demo --task ioi",
      "  loupe circuit find --model gpt2 --task ioi --method eap-ig --greedy 400",
      "  loupe circuit find --model demo --task ioi --method acdc --metric kl --threshold 0.05",
      "  loupe circuit find --model gpt2 --task ioi --method node --budget '30 %%'"
    })
final class CircuitFindCommand extends CircuitSearch {
  @Mixin private ChoiceOptions choice = new ChoiceOptions();

  CircuitFindCommand() {
    super("find");
  }

  @Override
  Optional<ChoiceOptions> choice() {
    return Optional.of(choice);
  }
}
