package dev.loupe.report;

/** Say how values become colours. */
public enum Scale {
  /** From red through neutral at 0 to blue: for effects that have a sign. */
  DIVERGING,
  /** From pale to dark between 0 (or the least value, if negative) and the largest value. */
  SEQUENTIAL;

  /** Return the value at the low end of the colours for this matrix. */
  double low(Matrix values) {
    return switch (this) {
      case DIVERGING -> -high(values);
      case SEQUENTIAL -> Double.isNaN(values.min()) ? 0 : Math.min(0, values.min());
    };
  }

  /** Return the value at the high end of the colours; always above {@link #low}. */
  double high(Matrix values) {
    double high =
        switch (this) {
          case DIVERGING -> values.maxAbs();
          case SEQUENTIAL -> Double.isNaN(values.max()) ? 0 : Math.max(0, values.max());
        };
    boolean flat = high == 0 && (this == DIVERGING || low(values) == 0);
    return flat ? 1 : high;
  }
}
