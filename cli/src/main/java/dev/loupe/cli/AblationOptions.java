package dev.loupe.cli;

import dev.loupe.circuit.run.Corruption;
import dev.loupe.lens.Metric;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What is measured of circuits, and what stands in the place of what is outside. */
final class AblationOptions {
  private static final String METRIC = "logit-difference";

  @Option(
      names = "--metric",
      paramLabel = "NAME",
      description =
          "What is measured: logit-difference, probability, probability-difference, greater-than,"
              + " log-probability, kl, loss, and where no gradient is needed rank and accuracy"
              + " (default: "
              + METRIC
              + ").")
  private Optional<String> metric = Optional.empty();

  @Option(
      names = "--with",
      paramLabel = "HOW",
      defaultValue = "counterfactual",
      description =
          "What takes the place of clean values: counterfactual (those of the corrupted prompt),"
              + " mean (over corrupted prompts of one template) or zero"
              + " (default: ${DEFAULT-VALUE}).")
  private String with = "counterfactual";

  /** Refuses what no model could make right. */
  void check(LoupeCommand command, boolean hasWrong) {
    var measured = command.asked(this::metric);
    if (!hasWrong && SweepSettings.comparesAnswers(measured)) {
      throw command.wrongUsage(
          "--metric "
              + measured
              + " compares right with wrong answers: give --wrong, or another"
              + " metric such as probability");
    }
    var _ = command.asked("--with", this::corruption);
  }

  Metric metric() {
    return Metric.parse(metric.orElse(METRIC));
  }

  Corruption corruption() {
    return Corruption.parse(with);
  }

  /** Tells whether each prompt needs a corrupted one. */
  boolean needsCorrupted() {
    return with.strip().equals(Corruption.COUNTERFACTUAL.toString());
  }

  /** Returns these options as a shell reads them. */
  String typed() {
    return metric.map(name -> " --metric " + Shell.quoted(name)).orElse("")
        + (needsCorrupted() ? "" : " --with " + with);
  }
}
