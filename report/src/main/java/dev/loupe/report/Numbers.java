package dev.loupe.report;

import java.math.BigDecimal;
import java.math.RoundingMode;

/** Format numbers the same way everywhere, whatever the locale. */
final class Numbers {
  private Numbers() {}

  /** Return a number with so many decimals; never a negative zero. */
  static String fixed(double value, int decimals, boolean signed) {
    BigDecimal rounded = new BigDecimal(value).setScale(decimals, RoundingMode.HALF_EVEN);
    return (signed && rounded.signum() > 0 ? "+" : "") + rounded.toPlainString();
  }

  /** Return how many decimals show values up to this magnitude: 2, more where 2 would show none. */
  static int decimals(double maxAbs) {
    if (maxAbs == 0 || maxAbs >= 0.1) {
      return maxAbs >= 1000 ? 0 : 2;
    }
    return (int) Math.min(12, 1 + Math.ceil(-Math.log10(maxAbs)));
  }
}
