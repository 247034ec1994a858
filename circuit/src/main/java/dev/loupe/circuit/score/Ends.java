package dev.loupe.circuit.score;

import java.util.Locale;

/**
 * At which points of the way from the corrupted to the clean value an integral of gradients takes
 * them, and which ends are among these.
 */
public enum Ends {
  /**
   * The shares k/m of k = 0 to m-1, as the reference code of EAP-IG takes them: the corrupted end
   * is among them, the clean one is not.
   */
  REFERENCE,
  /** The shares (k + 1/2)/m of k = 0 to m-1: neither end; the sum converges faster. */
  MIDPOINTS,
  /** The shares k/(m-1) of k = 0 to m-1, both ends counted half: the trapezoid rule. */
  BOTH;

  /** Returns the share of the clean value at a step, from 0 on. */
  double share(int step, int steps) {
    return switch (this) {
      case REFERENCE -> (double) step / steps;
      case MIDPOINTS -> (step + .5) / steps;
      case BOTH -> (double) step / (steps - 1);
    };
  }

  /** Returns how much a step counts; those of all steps add up to 1. */
  double weight(int step, int steps) {
    return switch (this) {
      case REFERENCE, MIDPOINTS -> 1.0 / steps;
      case BOTH -> (step == 0 || step == steps - 1 ? .5 : 1) / (steps - 1);
    };
  }

  int requireSteps(int steps) {
    int least = this == BOTH ? 2 : 1;
    if (steps < least) {
      throw new IllegalArgumentException(
          "%d steps of an integral (%s): expected %d or more".formatted(steps, this, least));
    }
    return steps;
  }

  /**
   * Reads {@code reference}, {@code midpoints} or {@code both}: the reverse of {@code toString}.
   *
   * @throws IllegalArgumentException if it is none of these
   */
  public static Ends parse(String name) {
    for (var ends : values()) {
      if (ends.toString().equals(name.strip())) {
        return ends;
      }
    }
    throw new IllegalArgumentException(
        "end points " + name.strip() + ": expected reference, midpoints or both");
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
