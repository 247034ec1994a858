package dev.loupe.report;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Name one side of a chart and each of its places.
 *
 * @param name what it counts, such as "layer"
 * @param labels one for each place, in order; tokens may stand here as they are
 */
public record Axis(String name, List<String> labels) {
  /** Copy the labels; refuse none at all with {@link IllegalArgumentException}. */
  public Axis {
    Check.notBlank("axis name", name);
    labels = List.copyOf(labels);
    Check.notEmpty("labels of axis '" + name + "'", labels);
  }

  /** Return an axis labelled {@code prefix0, prefix1, ...}, as in {@code L0, L1}. */
  public static Axis numbered(String name, String prefix, int count) {
    return new Axis(name, IntStream.range(0, count).mapToObj(i -> prefix + i).toList());
  }
}
