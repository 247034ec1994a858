package dev.loupe.demo;

import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Splits a text as the demo model's tokenizer does: a leading space belongs to the word. */
final class Split {

  /** Written so that Java's and the tokenizer's regular expressions agree on it. */
  static final String PATTERN =
      "'(?:s|m|t|re|ve|ll|d)| ?\\p{L}+| ?[0-9][0-9]| ?[0-9]| ?[^\\s\\p{L}0-9]|\\s";

  private static final Pattern COMPILED = Pattern.compile(PATTERN);

  private Split() {}

  static List<String> tokens(String text) {
    return COMPILED.matcher(text).results().map(MatchResult::group).toList();
  }
}
