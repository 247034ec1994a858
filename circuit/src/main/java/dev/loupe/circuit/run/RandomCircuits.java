package dev.loupe.circuit.run;

import dev.loupe.lens.Interval;
import java.util.List;

/**
 * Circuits drawn at random, as many parts each as a circuit has: what its faithfulness is worth.
 *
 * @param shares the faithfulness of each
 * @param confidence of {@link #interval}
 * @param seed of the draws
 * @param measured by what
 */
public record RandomCircuits(List<Double> shares, double confidence, long seed, Measured measured) {
  /** Copies the list; refuses no circuits and a confidence that is no share. */
  public RandomCircuits {
    shares = List.copyOf(shares);
    if (shares.isEmpty() || !(confidence > 0 && confidence < 1)) {
      throw new IllegalArgumentException(
          shares.size()
              + " random circuits with a confidence of "
              + confidence
              + ": expected at least one, and between 0 and 1");
    }
  }

  /** Returns the mean of their faithfulness. */
  public double mean() {
    return shares.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
  }

  /** Returns where the middle of their faithfulness lies, between neighbouring ones linear. */
  public Interval interval() {
    double[] sorted = shares.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    double tail = (1 - confidence) / 2;
    return new Interval(quantile(sorted, tail), quantile(sorted, 1 - tail), confidence);
  }

  /** Returns the share of them whose faithfulness is at least that. */
  public double atLeast(double faithfulness) {
    return shares.stream().filter(share -> share >= faithfulness).count() / (double) shares.size();
  }

  private static double quantile(double[] sorted, double share) {
    double place = share * (sorted.length - 1);
    int below = (int) place;
    double above = sorted[Math.min(below + 1, sorted.length - 1)];
    return sorted[below] + (place - below) * (above - sorted[below]);
  }
}
