package dev.loupe.task;

import java.util.Arrays;
import java.util.Locale;

/** Says how an indirect-object prompt is corrupted. */
public enum Corruption {
  /**
   * The two names exchanged everywhere, so that the answer flips: "When Mary and John ..., John
   * gave a drink to" becomes "When John and Mary ..., Mary gave a drink to".
   */
  NAME_SWAP(4),
  /**
   * All three mentions replaced by three different random names, none of them IO or S, so that no
   * answer is better than the other: p_ABC of Wang et al. (2022).
   */
  ABC(5);

  private final int namesNeeded;

  Corruption(int namesNeeded) {
    this.namesNeeded = namesNeeded;
  }

  /** The fewest names to draw prompts from. */
  int namesNeeded() {
    return namesNeeded;
  }

  /**
   * Parses the form that {@link #toString} writes.
   *
   * @throws IllegalArgumentException if there is none of that name, with those that there are
   */
  public static Corruption parse(String text) {
    return Arrays.stream(values())
        .filter(it -> it.toString().equals(text))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "corruption '%s': expected one of %s".formatted(text, Arrays.toString(values()))));
  }

  /** The name on the command line and in reports: {@code name-swap}, {@code abc}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
