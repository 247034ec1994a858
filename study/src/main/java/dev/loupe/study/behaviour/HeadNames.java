package dev.loupe.study.behaviour;

import dev.loupe.lens.Head;
import java.util.regex.Pattern;

/** Heads as specifications name them. */
final class HeadNames {
  private static final Pattern NAME = Pattern.compile("L(\\d{1,4})H(\\d{1,4})");

  private HeadNames() {}

  /** Reads {@code L9H6}; the reverse of {@link Head#toString}. */
  static Head parse(String name) {
    var matched = NAME.matcher(name.strip());
    if (!matched.matches()) {
      throw new IllegalArgumentException("head \"" + name + "\": expected one such as L9H6");
    }
    return new Head(Integer.parseInt(matched.group(1)), Integer.parseInt(matched.group(2)));
  }
}
