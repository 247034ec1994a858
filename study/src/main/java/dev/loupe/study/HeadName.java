package dev.loupe.study;

import dev.loupe.lens.Head;
import java.util.List;
import java.util.regex.Pattern;

/** Heads by their names in specifications and data files. */
public final class HeadName {
  private static final Pattern NAME = Pattern.compile("L(\\d{1,4})H(\\d{1,4})");

  private HeadName() {}

  /**
   * Reads {@code L9H6}; the reverse of {@link Head#toString}.
   *
   * @throws IllegalArgumentException if the text is no such name
   */
  public static Head parse(String name) {
    var match = NAME.matcher(name.strip());
    if (!match.matches()) {
      throw new IllegalArgumentException("head \"" + name + "\": expected one such as L9H6");
    }
    return new Head(Integer.parseInt(match.group(1)), Integer.parseInt(match.group(2)));
  }

  /** Reads several. */
  public static List<Head> parse(List<String> names) {
    return names.stream().map(HeadName::parse).toList();
  }
}
