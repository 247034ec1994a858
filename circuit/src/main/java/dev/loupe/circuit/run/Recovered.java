package dev.loupe.circuit.run;

import dev.loupe.lens.Estimate;
import java.util.Arrays;

/** Metrics as shares of the way from the ablated to the whole model. */
final class Recovered {
  private final double[] full;
  private final double[] empty;
  private final double span;

  /**
   * Takes the metrics of every prompt.
   *
   * @throws IllegalStateException if they are the same in the mean: there is nothing to recover
   */
  Recovered(double[] full, double[] empty) {
    this.full = full.clone();
    this.empty = empty.clone();
    span = mean(full) - mean(empty);
    if (span == 0 || !Double.isFinite(span)) {
      throw new IllegalStateException(
          "the metric is "
              + mean(full)
              + " of the whole model and "
              + mean(empty)
              + " with all ablated: a circuit has a share of their difference, which there must"
              + " be; take other prompts or another metric");
    }
  }

  private static double mean(double... values) {
    return Arrays.stream(values).sum() / values.length;
  }

  /** Returns the share of a metric. */
  double share(double... metric) {
    return (mean(metric) - mean(empty)) / span;
  }

  /**
   * Returns how much each prompt moves the share of a metric, to first order: numbers whose sum is
   * 0, and whose standard error in the mean is that of the share.
   */
  double[] influences(double... metric) {
    double share = share(metric);
    var influences = new double[metric.length];
    for (int i = 0; i < metric.length; i++) {
      influences[i] = (metric[i] - empty[i] - share * (full[i] - empty[i])) / span;
    }
    return influences;
  }

  /** Returns the share with its standard error. */
  Estimate estimate(double... metric) {
    return estimate(share(metric), influences(metric));
  }

  /** Returns a number of which each prompt has an influence, with its standard error. */
  static Estimate estimate(double value, double... influences) {
    return new Estimate(value, Estimate.of(influences).standardError(), influences.length);
  }
}
