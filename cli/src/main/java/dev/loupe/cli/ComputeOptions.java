package dev.loupe.cli;

import dev.loupe.lens.sweep.SweepOptions;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** How much of the machine a sweep may take. */
final class ComputeOptions {
  private static final Pattern SIZE = Pattern.compile("([0-9]{1,12}(?:\\.[0-9]{1,6})?)([kmgt]?)b?");

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      description =
          "Hold at most this much at once, such as 2g (default: a quarter of what is free).")
  private Optional<String> memory = Optional.empty();

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Compute on so many threads (default: all cores).")
  private Optional<Integer> threads = Optional.empty();

  /** Returns the options of a sweep with what was given. */
  SweepOptions options() {
    return over(SweepOptions.standard());
  }

  /** Returns options with what was given in the place of what they say. */
  SweepOptions over(SweepOptions options) {
    var changed = memory.map(text -> options.withMemory(bytes(text))).orElse(options);
    return threads.map(changed::withThreads).orElse(changed);
  }

  /** Reads a size of memory. */
  static long bytes(String text) {
    var match = SIZE.matcher(text.strip().toLowerCase(Locale.ROOT));
    if (!match.matches()) {
      throw new IllegalArgumentException(
          "--memory " + text + ": expected a size such as 2g or 512m");
    }
    int power = "kmgt".indexOf(match.group(2)) + 1;
    return new BigDecimal(match.group(1))
        .multiply(BigDecimal.valueOf(1024).pow(match.group(2).isEmpty() ? 0 : power))
        .min(BigDecimal.valueOf(Long.MAX_VALUE))
        .longValue();
  }
}
