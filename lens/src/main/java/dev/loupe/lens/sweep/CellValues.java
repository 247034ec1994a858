package dev.loupe.lens.sweep;

import dev.loupe.lens.Estimate;
import java.util.Arrays;

/** The metric of every cell and prompt; NaN where it has not been computed. */
final class CellValues {
  private final int prompts;
  private final double[] values;

  CellValues(int cells, int prompts) {
    this.prompts = prompts;
    values = new double[Math.multiplyExact(cells, prompts)];
    Arrays.fill(values, Double.NaN);
  }

  int cells() {
    return values.length / prompts;
  }

  void set(int cell, int prompt, double value) {
    values[cell * prompts + prompt] = value;
  }

  double[] of(int cell) {
    return Arrays.copyOfRange(values, cell * prompts, (cell + 1) * prompts);
  }

  /** Tells whether all prompts of a cell are there. */
  boolean isDone(int cell) {
    return Arrays.stream(of(cell)).noneMatch(Double::isNaN);
  }

  /** Returns the mean over the prompts that are there; of none, n is 0. */
  Estimate estimate(int cell) {
    double[] there = Arrays.stream(of(cell)).filter(v -> !Double.isNaN(v)).toArray();
    return there.length == 0 ? Estimate.none() : Estimate.of(there);
  }
}
