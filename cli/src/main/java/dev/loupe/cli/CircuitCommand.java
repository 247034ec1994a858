package dev.loupe.cli;

import picocli.CommandLine.Command;

/** Finds circuits, scores and draws them, and says whether they are any. */
@Command(
    name = "circuit",
    description = "Find a circuit, score every edge, test whether it is the circuit, compare two.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      CircuitFindCommand.class,
      CircuitScoreCommand.class,
      CircuitEvaluateCommand.class,
      CircuitCompareCommand.class,
      CircuitShowCommand.class
    },
    footer = {
      "",
      "A circuit is a set of edges from what writes the residual stream (input, heads, MLPs) to what"
          + " reads it (queries, keys and values of heads, MLPs, logits). Files are in the form of"
          + " EAP-IG and MIB, or lists of nodes.",
      "",
      "Examples:",
      "  loupe circuit find --model gpt2 --task ioi --method eap-ig --greedy 400",
      "  loupe circuit evaluate circuit.json --model gpt2 --task ioi --seed 1",
      "  loupe circuit compare circuit.json wang-2022-ioi",
      "  loupe circuit show circuit.json --dot"
    })
final class CircuitCommand extends LoupeCommand {
  @Override
  void run() {
    throw wrongUsage("expected one of find, score, evaluate, compare and show");
  }
}
