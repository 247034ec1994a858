package dev.loupe.cli;

import dev.loupe.lens.Metric;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.sweep.SweepOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What is measured in a sweep, how it is carried out, and where its results go. */
final class SweepSettings {
  private static final String METRIC = "logit-difference";

  @Option(
      names = "--metric",
      paramLabel = "NAME",
      description =
          "What is measured: logit-difference, probability, probability-difference, greater-than, "
              + "log-probability, rank, accuracy, kl, loss, recovery or recovery:NAME (default: "
              + METRIC
              + ").")
  private Optional<String> metric = Optional.empty();

  @Mixin private ComputeOptions compute = new ComputeOptions();

  @Mixin private TopOption top = new TopOption();

  @Option(
      names = {"-o", "--out"},
      paramLabel = "PATH",
      description =
          "A folder for report.html and result.json, or one file that ends in .json, .parquet or "
              + ".html (default: the folder runs/COMMAND-MODEL-TIME).")
  private Optional<Path> out = Optional.empty();

  @Option(names = "--explain", description = "Say what the sweep would compute, and do not run it.")
  private boolean explain;

  /** Tells whether a plan is all that is wanted. */
  boolean explains() {
    return explain;
  }

  /** Refuses what no model could make right. */
  void check(LoupeCommand command, boolean hasWrong) {
    var measured = command.asked(this::metric);
    top.check(command);
    if (!hasWrong && comparesAnswers(measured)) {
      throw command.wrongUsage(
          "--metric "
              + measured
              + " compares right with wrong answers: give --wrong, or another"
              + " metric such as probability");
    }
    var _ = command.asked(this::options);
  }

  /** Tells whether a metric needs wrong answers. */
  static boolean comparesAnswers(Metric metric) {
    return switch (metric) {
      case StandardMetric.LOGIT_DIFFERENCE, StandardMetric.PROBABILITY_DIFFERENCE -> true;
      case Metric.Recovery recovery -> comparesAnswers(recovery.of());
      default -> false;
    };
  }

  Metric metric() {
    return Metric.parse(metric.orElse(METRIC));
  }

  int top() {
    return top.count();
  }

  /** Returns where the results go, found out before the sweep, not after it; empty for a folder. */
  Optional<ResultTarget> target() throws IOException {
    return out.isPresent() ? Optional.of(ResultTarget.of(out.get(), true)) : Optional.empty();
  }

  SweepOptions options() {
    return compute.options();
  }

  /** Returns the options that decide the numbers, as a shell reads them. */
  String typed() {
    return metric.map(name -> " --metric " + Shell.quoted(name)).orElse("") + top.typed();
  }
}
