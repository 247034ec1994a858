package dev.loupe.task;

import java.nio.file.Path;
import java.util.List;

/**
 * The words that syllogisms are made of; in JSON {@code {"categories": ["reptiles"], "descriptors":
 * [["warm", "cold"]], "nouns": ["lizards"]}}.
 *
 * @param categories plurals such as {@code reptiles}, all different
 * @param descriptors pairs of opposites
 * @param nouns plurals such as {@code lizards}, in lower case, all different
 */
public record SyllogismWords(
    List<String> categories, List<Opposites> descriptors, List<String> nouns) {
  /** Refuses empty lists, what is no word, and a word or pair given twice. */
  public SyllogismWords {
    categories = Words.require("category", categories);
    nouns = Words.require("noun", nouns);
    descriptors = List.copyOf(descriptors);
  }

  /** Returns the words that Loupe brings along. */
  public static SyllogismWords standard() {
    return Resources.read("syllogisms.json", SyllogismWords.class);
  }

  /**
   * Reads a file of JSON.
   *
   * @throws IllegalArgumentException if it is absent or malformed, naming file and entry
   */
  public static SyllogismWords read(Path file) {
    throw new UnsupportedOperationException(file.toString());
  }

  /** Returns these as JSON, which {@link #read} reads. */
  public String json() {
    throw new UnsupportedOperationException();
  }
}
