package dev.loupe.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Hold a rectangle of numbers, immutable and equal by value. A NaN means "no value here".
 *
 * <p>It is what charts keep instead of the {@code double[][]} they were given.
 */
public final class Matrix {
  private final double[][] values;

  private Matrix(double[][] values) {
    this.values = values;
  }

  /**
   * Copy {@code [row][column]} values.
   *
   * @throws IllegalArgumentException if there are no cells, rows differ in length, or a value is
   *     infinite
   */
  public static Matrix of(double[][] values) {
    Check.that(values.length > 0 && values[0].length > 0, "matrix has no cells");
    double[][] copy = new double[values.length][];
    for (int row = 0; row < values.length; row++) {
      copy[row] = values[row].clone();
      Check.that(
          copy[row].length == copy[0].length,
          String.format(
              Locale.ROOT,
              "row %d has %d values, expected %d as in row 0",
              row,
              copy[row].length,
              copy[0].length));
      for (int column = 0; column < copy[row].length; column++) {
        Check.that(
            !Double.isInfinite(copy[row][column]),
            String.format(
                Locale.ROOT,
                "value at row %d, column %d is %s, expected a finite number or NaN for no value",
                row,
                column,
                copy[row][column]));
      }
    }
    return new Matrix(copy);
  }

  /** Return the number of rows, at least 1. */
  public int rows() {
    return values.length;
  }

  /** Return the number of columns, at least 1. */
  public int columns() {
    return values[0].length;
  }

  /** Return one value, NaN where there is none. */
  public double get(int row, int column) {
    return values[row][column];
  }

  /** Return the smallest value, NaN if no cell has one. */
  public double min() {
    return Arrays.stream(values)
        .flatMapToDouble(Arrays::stream)
        .filter(v -> !Double.isNaN(v))
        .min()
        .orElse(Double.NaN);
  }

  /** Return the largest value, NaN if no cell has one. */
  public double max() {
    return Arrays.stream(values)
        .flatMapToDouble(Arrays::stream)
        .filter(v -> !Double.isNaN(v))
        .max()
        .orElse(Double.NaN);
  }

  /** Return the largest magnitude, 0 if no cell has a value. */
  double maxAbs() {
    return Double.isNaN(min()) ? 0 : Math.max(Math.abs(min()), Math.abs(max()));
  }

  /** Return rows of values with null for no value, as JSON wants them. */
  List<List<@Nullable Double>> toLists() {
    List<List<@Nullable Double>> rows = new ArrayList<>();
    for (double[] row : values) {
      List<@Nullable Double> cells = new ArrayList<>();
      for (double value : row) {
        cells.add(Double.isNaN(value) ? null : (Double) value);
      }
      rows.add(cells);
    }
    return rows;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Matrix that && Arrays.deepEquals(values, that.values);
  }

  @Override
  public int hashCode() {
    return Arrays.deepHashCode(values);
  }

  @Override
  public String toString() {
    return Arrays.deepToString(values);
  }
}
