package dev.loupe.lens.sweep;

import java.util.List;
import java.util.stream.IntStream;

/**
 * One axis of a grid.
 *
 * @param name such as {@code layer}, {@code head}, {@code position}
 * @param labels of its values, in order
 */
public record Axis(String name, List<String> labels) {
  /** Copies the list; refuses an axis without values. */
  public Axis {
    labels = List.copyOf(labels);
    if (labels.isEmpty()) {
      throw new IllegalArgumentException("axis " + name + " has no values");
    }
  }

  /** Returns an axis of the numbers from 0. */
  public static Axis numbered(String name, int size) {
    return new Axis(name, IntStream.range(0, size).mapToObj(Integer::toString).toList());
  }

  /** Returns how many values it has. */
  public int size() {
    return labels.size();
  }
}
