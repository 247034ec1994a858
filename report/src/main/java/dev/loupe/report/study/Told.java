package dev.loupe.report.study;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.report.KeyFigures;
import dev.loupe.report.Numbers;
import java.util.List;
import java.util.stream.Collectors;

/** Put numbers and heads into the sentences of a page. */
final class Told {
  private Told() {}

  static String signed(double value) {
    return Numbers.fixed(value, 2, true);
  }

  static String percent(double share) {
    return Numbers.fixed(100 * share, 1, false) + " %";
  }

  static String names(List<Head> heads) {
    return heads.stream().map(Head::toString).collect(Collectors.joining(", "));
  }

  /** Return a mean as a figure with its sign, and its standard error where it has one. */
  static KeyFigures.Figure figure(String name, Estimate estimate, String explanation) {
    return figure(name, estimate, explanation, 2, true);
  }

  static KeyFigures.Figure figure(
      String name, Estimate estimate, String explanation, int decimals, boolean signed) {
    return new KeyFigures.Figure(
        name,
        Numbers.fixed(estimate.mean(), decimals, signed),
        estimate.n() == 1
            ? explanation
            : explanation
                + " (± "
                + Numbers.fixed(estimate.standardError(), decimals, false)
                + ", standard error)");
  }

  /** Return half the width of the 95 % interval of a mean; 0 where none is known. */
  static double error(Estimate value) {
    double error = Numbers.NORMAL_95 * value.standardError();
    return Double.isFinite(error) ? error : 0;
  }
}
