package dev.loupe.report;

import java.util.Collection;

/** Validate what records are given, in one wording. */
final class Check {
  private Check() {}

  static void notBlank(String what, String text) {
    if (text.isBlank()) {
      throw new IllegalArgumentException(what + " is blank: give some text");
    }
  }

  static void notEmpty(String what, Collection<?> values) {
    if (values.isEmpty()) {
      throw new IllegalArgumentException(what + ": none given, expected at least one");
    }
  }

  static void that(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }
}
