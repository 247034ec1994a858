package dev.loupe.lens;

import java.util.Arrays;
import java.util.Locale;

/**
 * A mean over prompts and how sure it is.
 *
 * @param mean the mean
 * @param standardError its standard error; NaN for a single prompt
 * @param n how many prompts
 */
public record Estimate(double mean, double standardError, int n) {
  /** Returns the mean of {@code values}, which are at least one. */
  public static Estimate of(double... values) {
    if (values.length == 0) {
      throw new IllegalArgumentException("no values: a mean needs at least one");
    }
    double mean = Arrays.stream(values).average().orElseThrow();
    double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    double error =
        values.length == 1 ? Double.NaN : Math.sqrt(squares / (values.length - 1) / values.length);
    return new Estimate(mean, error, values.length);
  }

  /** Returns this in other units. */
  public Estimate scaled(double factor) {
    return new Estimate(mean * factor, standardError * Math.abs(factor), n);
  }

  /** Returns {@code +0.264 ± 0.020}. */
  @Override
  public String toString() {
    return n == 1
        ? String.format(Locale.ROOT, "%+.3f", mean)
        : String.format(Locale.ROOT, "%+.3f ± %.3f", mean, standardError);
  }
}
