package dev.loupe.circuit.graph;

import java.math.BigDecimal;

/** Numbers as Python prints them, whose files Loupe's are to equal. */
final class PythonNumbers {
  /** Numbers from here on are written with an exponent. */
  private static final int LARGEST_PLAIN = 16;

  private static final int SMALLEST_PLAIN = -4;

  private PythonNumbers() {}

  static String text(double number) {
    if (number == 0) {
      return Double.toString(number);
    }
    // Both languages print the fewest digits that are read as the same number.
    var digits = new BigDecimal(Double.toString(number)).stripTrailingZeros();
    int exponent = digits.precision() - digits.scale() - 1;
    if (exponent >= SMALLEST_PLAIN && exponent < LARGEST_PLAIN) {
      var plain = digits.toPlainString();
      return plain.indexOf('.') < 0 ? plain + ".0" : plain;
    }
    var mantissa = digits.movePointLeft(exponent).stripTrailingZeros().toPlainString();
    int size = Math.abs(exponent);
    return mantissa + (exponent < 0 ? "e-" : "e+") + (size < 10 ? "0" : "") + size;
  }
}
