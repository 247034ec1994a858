package dev.loupe.report;

import java.util.Locale;

/**
 * Show a rectangle of values as colours.
 *
 * @param title what the chart shows
 * @param rows the axis down the side, one label a row
 * @param columns the axis along the top, one label a column
 * @param values {@code [row, column]}; NaN for no value
 * @param unit what one value is, such as "recovery of the logit difference (1 = clean)"
 * @param scale how values become colours
 */
public record Heatmap(
    String title, Axis rows, Axis columns, Matrix values, String unit, Scale scale)
    implements Block {

  /** Refuse axes that do not fit the values with {@link IllegalArgumentException}. */
  public Heatmap {
    Check.notBlank("heatmap title", title);
    Check.notBlank("unit of heatmap '" + title + "'", unit);
    fits(title, "rows", rows, values.rows());
    fits(title, "columns", columns, values.columns());
  }

  /** Return a heatmap of {@code [row][column]} values, which are copied. */
  public static Heatmap of(
      String title, Axis rows, Axis columns, double[][] values, String unit, Scale scale) {
    return new Heatmap(title, rows, columns, Matrix.of(values), unit, scale);
  }

  private static void fits(String title, String side, Axis axis, int count) {
    Check.that(
        axis.labels().size() == count,
        String.format(
            Locale.ROOT,
            "heatmap '%s': %d %s of values but %d labels on axis '%s', expected one label each",
            title,
            count,
            side,
            axis.labels().size(),
            axis.name()));
  }
}
