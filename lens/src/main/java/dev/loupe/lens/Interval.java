package dev.loupe.lens;

/**
 * Where a mean is believed to lie.
 *
 * @param low its lower bound; NaN where there is too little to tell
 * @param high its upper bound; NaN where there is too little to tell
 * @param confidence the share of such intervals that hold the mean they estimate, between 0 and 1
 */
public record Interval(double low, double high, double confidence) {
  /** Refuses bounds in the wrong order and a confidence that is no share. */
  public Interval {
    if (!(confidence > 0 && confidence < 1)) {
      throw new IllegalArgumentException(
          "confidence " + confidence + ": expected between 0 and 1, such as 0.95");
    }
    if (low > high) {
      throw new IllegalArgumentException("an interval from " + low + " to " + high);
    }
  }

  /** Returns this in other units, turned round where the factor is negative. */
  public Interval scaled(double factor) {
    return factor < 0
        ? new Interval(high * factor, low * factor, confidence)
        : new Interval(low * factor, high * factor, confidence);
  }
}
