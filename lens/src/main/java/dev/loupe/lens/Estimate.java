package dev.loupe.lens;

import java.util.Arrays;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * A mean over prompts and how sure it is.
 *
 * @param mean the mean
 * @param standardError its standard error; NaN for a single prompt
 * @param n how many prompts
 */
public record Estimate(double mean, double standardError, int n) {
  private static final int RESAMPLES = 2000;
  private static final double CONFIDENCE = .95;

  /** Returns what is known where there are no values: NaN, and n = 0. */
  public static Estimate none() {
    return new Estimate(Double.NaN, Double.NaN, 0);
  }

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

  /**
   * Returns the percentile bootstrap interval of the mean of {@code values} (Efron and Tibshirani
   * 1993, chapter 13): the middle share {@code confidence} of the means of samples drawn from them
   * with replacement, with straight lines between neighbouring ones. Of few values it is too
   * narrow; a single one says nothing of its error, and gives bounds of NaN.
   *
   * @param values the metric of every prompt
   * @param resamples how many samples are drawn, such as 2000
   * @param confidence between 0 and 1, such as 0.95
   * @param seed of the draws: the same gives the same interval
   * @throws IllegalArgumentException if there are no values or no resamples, if a value is not
   *     finite, or if the confidence is no share
   */
  public static Interval bootstrap(double[] values, int resamples, double confidence, long seed) {
    if (values.length == 0 || resamples < 1) {
      throw new IllegalArgumentException(
          resamples + " resamples of " + values.length + " values: expected at least one of each");
    }
    for (double value : values) {
      if (!Double.isFinite(value)) {
        throw new IllegalArgumentException("the bootstrap of " + value + ": expected a number");
      }
    }
    if (values.length == 1) {
      return new Interval(Double.NaN, Double.NaN, confidence);
    }
    var random = new SplittableRandom(seed);
    var means = new double[resamples];
    for (int i = 0; i < resamples; i++) {
      double sum = 0;
      for (int draw = 0; draw < values.length; draw++) {
        sum += values[random.nextInt(values.length)];
      }
      means[i] = sum / values.length;
    }
    Arrays.sort(means);
    double tail = (1 - confidence) / 2;
    return new Interval(quantile(means, tail), quantile(means, 1 - tail), confidence);
  }

  /**
   * Returns the interval that results show beside a mean: 95 % by {@link #bootstrap} of 2000
   * resamples with a seed of its own, so that it is the same every time. Its bounds are NaN where
   * there are fewer than two values, or one that is not finite.
   */
  public static Interval interval(double... values) {
    return values.length < 2 || !Arrays.stream(values).allMatch(Double::isFinite)
        ? new Interval(Double.NaN, Double.NaN, CONFIDENCE)
        : bootstrap(values, RESAMPLES, CONFIDENCE, 0);
  }

  private static double quantile(double[] sorted, double share) {
    double place = Math.clamp(share, 0, 1) * (sorted.length - 1);
    int below = (int) place;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
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
