package dev.loupe.lens;

import java.util.List;

/**
 * A direction in the space of an activation, such as that of the residual stream.
 *
 * @param name what it is called in results
 * @param values its components, not all 0
 */
public record ActivationDirection(String name, List<Double> values) {
  /** Copies the list; refuses a direction of length 0 and numbers that are not finite. */
  public ActivationDirection {
    values = List.copyOf(values);
    if (values.stream().anyMatch(v -> !Double.isFinite(v))) {
      throw new IllegalArgumentException("direction " + name + " has numbers that are not finite");
    }
    if (values.stream().allMatch(v -> v == 0)) {
      throw new IllegalArgumentException("direction " + name + " is zero: it points nowhere");
    }
  }

  /** Returns the direction of length 1. */
  public List<Double> unit() {
    // Scaled first: the square of a very large or small number is infinite or 0.
    double largest = values.stream().mapToDouble(Math::abs).max().orElseThrow();
    var scaled = values.stream().map(v -> v / largest).toList();
    double length = Math.sqrt(scaled.stream().mapToDouble(v -> v * v).sum());
    return scaled.stream().map(v -> v / length).toList();
  }
}
