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

  /** Return a mean as a figure, with its standard error where it has one. */
  static KeyFigures.Figure figure(String name, Estimate estimate, String explanation) {
    return new KeyFigures.Figure(
        name,
        signed(estimate.mean()),
        estimate.n() == 1
            ? explanation
            : explanation
                + " (± "
                + Numbers.fixed(estimate.standardError(), 2, false)
                + ", standard error)");
  }
}
