package dev.loupe.study.verify;

import dev.loupe.lens.Head;
import java.util.List;
import java.util.regex.Pattern;

/** Heads by their names in data files. */
final class HeadName {
  private static final Pattern NAME = Pattern.compile("L(\\d{1,4})H(\\d{1,4})");

  private HeadName() {}

  /** Reads {@code L9H6}. */
  static Head parse(String name) {
    var match = NAME.matcher(name);
    if (!match.matches()) {
      throw new IllegalArgumentException("head \"" + name + "\": expected one such as L9H6");
    }
    return new Head(Integer.parseInt(match.group(1)), Integer.parseInt(match.group(2)));
  }

  static List<Head> parse(List<String> names) {
    return names.stream().map(HeadName::parse).toList();
  }
}
