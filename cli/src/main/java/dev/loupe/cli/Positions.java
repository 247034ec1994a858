package dev.loupe.cli;

import dev.loupe.lens.At;
import dev.loupe.lens.PromptPairs;
import java.util.List;
import java.util.stream.IntStream;

/** Reads positions that something is done at together: {@code all}, {@code END,S2}. */
final class Positions {
  private Positions() {}

  /**
   * Returns the positions.
   *
   * @throws IllegalArgumentException if one is none, or is there twice
   */
  static List<At> parse(String option, String text) {
    var all = NumberList.split(text).stream().map(At::parse).toList();
    if (all.contains(At.named("each"))) {
      throw new IllegalArgumentException(
          option + " each: these positions are taken together; name them");
    }
    if (all.stream().distinct().count() < all.size()) {
      throw new IllegalArgumentException(option + " \"" + text + "\": one is there twice");
    }
    return all;
  }

  /**
   * Checks that some prompt is that long.
   *
   * @throws IllegalArgumentException if none is, or there is no position of that name
   */
  static At requireSomewhere(String option, At at, PromptPairs pairs) {
    boolean somewhere =
        IntStream.range(0, pairs.size()).anyMatch(row -> pairs.positions(at, row).length > 0);
    if (!somewhere) {
      throw new IllegalArgumentException(
          option
              + " "
              + at
              + ": the prompts are at most "
              + pairs.clean().length()
              + " tokens long");
    }
    return at;
  }
}
