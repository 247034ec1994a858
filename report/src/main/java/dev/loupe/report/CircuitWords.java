package dev.loupe.report;

import dev.loupe.circuit.run.Measured;
import dev.loupe.lens.Estimate;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** Puts numbers of circuits into words. */
final class CircuitWords {
  private CircuitWords() {}

  /** Return {@code 0.87}, or {@code -} of no number. */
  static String plain(double value) {
    return Double.isFinite(value) ? Numbers.fixed(value, 2, false) : "-";
  }

  static String signed(double value) {
    return Double.isFinite(value)
        ? Numbers.fixed(value, Numbers.decimals(Math.abs(value)), true)
        : "-";
  }

  /** Return {@code ± 0.04 (standard error); }, or nothing where none is known. */
  static String error(Estimate value) {
    return Double.isFinite(value.standardError())
        ? "± " + Numbers.fixed(value.standardError(), 3, false) + " (standard error); "
        : "";
  }

  /** Return {@code 0.873 ± 0.012}. */
  static String share(Estimate value) {
    return (Double.isFinite(value.mean()) ? Numbers.fixed(value.mean(), 3, false) : "-")
        + (Double.isFinite(value.standardError())
            ? " ± " + Numbers.fixed(value.standardError(), 3, false)
            : "");
  }

  /** Return {@code 1 edge}, {@code 1,200 edges}. */
  static String count(int number, String what) {
    return String.format(Locale.ROOT, "%,d %s%s", number, what, number == 1 ? "" : "s");
  }

  /** Return {@code edge level, counterfactual, all positions; n = 100}. */
  static String basis(Measured measured) {
    return measured.ablating() + "; n = " + measured.pairs();
  }

  /** Return a share of edges: {@code 0.1 %}, {@code 100 %}. */
  static String percent(double share) {
    return Numbers.exact(100 * share) + " %";
  }

  /** Return half the width of the 95 % interval; 0 where none is known. */
  static double half(Estimate value) {
    double half = Numbers.NORMAL_95 * value.standardError();
    return Double.isFinite(half) ? half : 0;
  }

  /** Return the last part of the name of a file, of one named as all are with its folder. */
  static String file(String name) {
    var path = Path.of(name);
    int parts = path.getNameCount();
    return path.endsWith("circuit.json") && parts > 1
        ? path.subpath(parts - 2, parts).toString()
        : Optional.ofNullable(path.getFileName()).map(Path::toString).orElse(name);
  }
}
