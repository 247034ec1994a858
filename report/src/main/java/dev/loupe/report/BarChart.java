package dev.loupe.report;

import java.util.List;

/**
 * Compare values by the length of bars, from the top down in the order given.
 *
 * @param title what the chart shows
 * @param unit what one value is
 * @param bars at least one
 */
public record BarChart(String title, String unit, List<Bar> bars) implements Block {

  /**
   * Show one value.
   *
   * @param label what has this value, such as "L9H9"
   * @param value finite
   * @param error half the width of its interval; 0 where none is known
   */
  public record Bar(String label, double value, double error) {
    /** Refuse a value or error that is not finite, and a negative error. */
    public Bar {
      Check.that(
          Double.isFinite(value),
          "bar '%s' has value %s, expected a finite number".formatted(label, value));
      Check.that(
          Double.isFinite(error) && error >= 0,
          "bar '%s' has error %s, expected a finite number of at least 0".formatted(label, error));
    }

    /** Return a bar whose error is not known. */
    public static Bar of(String label, double value) {
      return new Bar(label, value, 0);
    }
  }

  /** Copy the bars; refuse none at all with {@link IllegalArgumentException}. */
  public BarChart {
    Check.notBlank("bar chart title", title);
    Check.notBlank("unit of bar chart '" + title + "'", unit);
    bars = List.copyOf(bars);
    Check.notEmpty("bars of '" + title + "'", bars);
  }
}
