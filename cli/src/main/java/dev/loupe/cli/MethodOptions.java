package dev.loupe.cli;

import dev.loupe.circuit.score.EdgeScoring;
import dev.loupe.circuit.score.Ends;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How edges are scored. */
final class MethodOptions {
  @Option(
      names = "--method",
      paramLabel = "NAME",
      defaultValue = "eap-ig",
      description =
          "eap, eap-ig, eap-ig-activations, clean-corrupted (from gradients), ifr (information-flow"
              + " routes), exact (every edge patched), node (every node patched), and for find acdc"
              + " (default: ${DEFAULT-VALUE}).")
  private String name = "eap-ig";

  @Option(
      names = "--steps",
      paramLabel = "N",
      description =
          "Of eap-ig and eap-ig-activations: points of the integral (default: "
              + EdgeScoring.STEPS
              + ").")
  private Optional<Integer> steps = Optional.empty();

  @Option(
      names = "--ends",
      paramLabel = "WHICH",
      description =
          "Of the same: reference (k/m for k = 0..m-1, as the published code), midpoints or both"
              + " (default: reference).")
  private Optional<String> ends = Optional.empty();

  /** Refuses what no model could make right. */
  void check(LoupeCommand command) {
    var method = command.asked(this::method);
    if (!method.integrates() && (steps.isPresent() || ends.isPresent())) {
      throw command.wrongUsage(
          (steps.isPresent() ? "--steps" : "--ends")
              + " goes with --method eap-ig and eap-ig-activations");
    }
  }

  CircuitMethod method() {
    return CircuitMethod.parse(
        name, steps.orElse(EdgeScoring.STEPS), Ends.parse(ends.orElse("reference")));
  }

  /** Returns these options as a shell reads them. */
  String typed() {
    return " --method "
        + name
        + steps.map(n -> " --steps " + n).orElse("")
        + ends.map(which -> " --ends " + which).orElse("");
  }
}
