package dev.loupe.task;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.List;

/**
 * Two words that mean the opposite of each other, such as {@code warm} and {@code cold}; a list of
 * two in JSON.
 */
public record Opposites(String one, String other) {
  /** Refuses what is no word, and a word as its own opposite. */
  public Opposites {
    Words.require("descriptor", one);
    Words.require("descriptor", other);
    if (one.equals(other)) {
      throw new IllegalArgumentException(
          "descriptor '%s' is given as its own opposite; expected two words".formatted(one));
    }
  }

  @JsonCreator
  static Opposites of(List<String> pair) {
    if (pair.size() != 2) {
      throw new IllegalArgumentException(
          "descriptors %s: expected two words, a descriptor and its opposite".formatted(pair));
    }
    return new Opposites(pair.get(0), pair.get(1));
  }

  /** Returns both words. */
  @JsonValue
  public List<String> words() {
    return List.of(one, other);
  }

  @Override
  public String toString() {
    return one + "/" + other;
  }
}
