package dev.loupe.circuit.graph;

import java.util.function.IntFunction;

/** Scores of which each is a number. */
final class CheckedScores {
  private CheckedScores() {}

  /**
   * Returns a copy of scores.
   *
   * @param size how many there are to be
   * @param what is scored
   * @param name what is scored, by its number
   * @throws IllegalArgumentException if there are more or fewer, or one is not a number
   */
  static double[] of(double[] values, int size, String what, IntFunction<?> name) {
    if (values.length != size) {
      throw new IllegalArgumentException(
          "%d scores of %d %s: expected as many of both".formatted(values.length, size, what));
    }
    for (int i = 0; i < size; i++) {
      if (!Double.isFinite(values[i])) {
        throw new IllegalArgumentException(
            "the score of %s is %s: expected a number".formatted(name.apply(i), values[i]));
      }
    }
    return values.clone();
  }
}
