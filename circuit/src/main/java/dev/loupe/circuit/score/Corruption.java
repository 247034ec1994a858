package dev.loupe.circuit.score;

import java.util.Locale;

/** What an edge carries in the place of its clean value. */
public enum Corruption {
  /** What it carries in the run of the corrupted prompt. */
  COUNTERFACTUAL,
  /**
   * The mean of what it carries at this position in the runs of the corrupted prompts of the same
   * template.
   */
  MEAN,
  /** Nothing. */
  ZERO;

  /**
   * Reads {@code counterfactual}, {@code mean} or {@code zero}: the reverse of {@code toString}.
   *
   * @throws IllegalArgumentException if it is none of these
   */
  public static Corruption parse(String name) {
    for (var corruption : values()) {
      if (corruption.toString().equals(name.strip())) {
        return corruption;
      }
    }
    throw new IllegalArgumentException(
        "corruption " + name.strip() + ": expected counterfactual, mean or zero");
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
