package dev.loupe.task;

import java.util.HashSet;
import java.util.List;
import java.util.regex.Pattern;

/** What counts as a word of a list: letters, with hyphens, apostrophes or spaces between them. */
final class Words {
  private static final Pattern WORD =
      Pattern.compile("\\p{L}[\\p{L}\\p{M}]*(?:[-' ]\\p{L}[\\p{L}\\p{M}]*)*");

  private Words() {}

  static boolean isWord(String text) {
    return WORD.matcher(text).matches();
  }

  /** Refuses what is no word. */
  static void require(String kind, String text) {
    if (!isWord(text)) {
      throw new IllegalArgumentException(
          "%s '%s': expected a word of letters, without spaces around it".formatted(kind, text));
    }
  }

  /** Copies a list of different words. */
  static List<String> require(String kind, List<String> words) {
    var seen = new HashSet<String>();
    for (var word : words) {
      require(kind, word);
      if (!seen.add(word)) {
        throw new IllegalArgumentException("%s '%s' is given twice".formatted(kind, word));
      }
    }
    return List.copyOf(words);
  }
}
