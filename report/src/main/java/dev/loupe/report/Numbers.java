package dev.loupe.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Format numbers the same way everywhere, whatever the locale. */
public final class Numbers {
  /** The digits that a 32-bit float carries, and one more. */
  private static final MathContext FLOAT = new MathContext(8);

  /** How many standard errors reach to either end of a 95 % interval. */
  public static final double NORMAL_95 = 1.96;

  private Numbers() {}

  /** Return a number, or NaN for an infinite one: no value, as charts and tables have it. */
  public static double finite(double value) {
    return Double.isInfinite(value) ? Double.NaN : value;
  }

  /** Return a number with so many decimals; never a negative zero. */
  public static String fixed(double value, int decimals, boolean signed) {
    BigDecimal rounded = new BigDecimal(value).setScale(decimals, RoundingMode.HALF_EVEN);
    return (signed && rounded.signum() > 0 ? "+" : "") + rounded.toPlainString();
  }

  /** Return how many decimals show values up to this magnitude: 2, more where 2 would show none. */
  public static int decimals(double maxAbs) {
    if (maxAbs == 0 || maxAbs >= 0.1) {
      return maxAbs >= 1000 ? 0 : 2;
    }
    return (int) Math.min(12, 1 + Math.ceil(-Math.log10(maxAbs)));
  }

  /** Return a finite number to the precision of a float, which makes its text short. */
  static double rounded(double value) {
    return new BigDecimal(value).round(FLOAT).doubleValue();
  }

  /** Return numbers rounded, with null for NaN, as JSON wants them. */
  static List<@Nullable Double> rounded(List<Double> values) {
    List<@Nullable Double> rounded = new ArrayList<>();
    for (double value : values) {
      rounded.add(Double.isNaN(value) ? null : (Double) rounded(value));
    }
    return rounded;
  }

  /** Return all digits that matter of a finite number. */
  static String exact(double value) {
    double rounded = rounded(value);
    return rounded == (long) rounded && Math.abs(rounded) < 1e9
        ? Long.toString((long) rounded)
        : Double.toString(rounded);
  }
}
