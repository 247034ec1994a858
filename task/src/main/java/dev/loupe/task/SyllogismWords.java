package dev.loupe.task;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The words that syllogisms are made of; in JSON {@code {"categories": ["reptiles"], "descriptors":
 * [["warm", "cold"]], "nouns": ["lizards"]}}.
 *
 * @param categories plurals such as {@code reptiles}, all different
 * @param descriptors pairs of opposites, all different
 * @param nouns plurals such as {@code lizards}, in lower case, all different
 */
public record SyllogismWords(
    List<String> categories, List<Opposites> descriptors, List<String> nouns) {
  private static final String CATEGORIES = "categories";
  private static final String DESCRIPTORS = "descriptors";
  private static final String NOUNS = "nouns";
  private static final Set<String> FIELDS = Set.of(CATEGORIES, DESCRIPTORS, NOUNS);

  /** Refuses empty lists, what is no word, and a word or pair given twice. */
  public SyllogismWords {
    categories = Words.require("category", categories);
    nouns = Words.require("noun", nouns);
    descriptors = List.copyOf(descriptors);
    if (categories.isEmpty() || descriptors.isEmpty() || nouns.isEmpty()) {
      throw new IllegalArgumentException(
          "%d categories, %d pairs of descriptors, %d nouns: expected 1 or more of each"
              .formatted(categories.size(), descriptors.size(), nouns.size()));
    }
    var seen = new HashSet<Set<String>>();
    for (var pair : descriptors) {
      if (!seen.add(Set.of(pair.one(), pair.other()))) {
        throw new IllegalArgumentException("descriptors '" + pair + "' are given twice");
      }
    }
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
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          file
              + ": no such file; expected JSON with "
              + CATEGORIES
              + ", "
              + DESCRIPTORS
              + " and "
              + NOUNS);
    }
    try {
      return of(file.toString(), JsonMapper.shared().readTree(Files.readString(file)));
    } catch (JacksonException e) {
      throw new IllegalArgumentException(file + ": not JSON: " + e.getOriginalMessage(), e);
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(file + ": not UTF-8 text", e);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }

  /** Reads JSON; errors begin with the source. */
  static SyllogismWords of(String source, JsonNode json) {
    if (!json.isObject()) {
      throw new IllegalArgumentException(
          source
              + ": expected an object with "
              + String.join(", ", CATEGORIES, DESCRIPTORS, NOUNS));
    }
    for (var name : json.propertyNames()) {
      if (!FIELDS.contains(name)) {
        throw new IllegalArgumentException(
            "%s: '%s' is none of %s, %s, %s"
                .formatted(source, name, CATEGORIES, DESCRIPTORS, NOUNS));
      }
    }
    var categories = words(source, CATEGORIES, json.path(CATEGORIES));
    var nouns = words(source, NOUNS, json.path(NOUNS));
    var pairs = new ArrayList<Opposites>();
    var list = list(source, DESCRIPTORS, json.path(DESCRIPTORS));
    for (int i = 0; i < list.size(); i++) {
      var entry = DESCRIPTORS + "[" + i + "]";
      var pair = list(source, entry, list.get(i));
      var words = pair.stream().map(it -> text(source, entry, it)).toList();
      try {
        pairs.add(Opposites.of(words));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "%s: %s: %s".formatted(source, entry, e.getMessage()), e);
      }
    }
    try {
      return new SyllogismWords(categories, pairs, nouns);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(source + ": " + e.getMessage(), e);
    }
  }

  private static List<String> words(String source, String field, JsonNode json) {
    var list = list(source, field, json);
    var words = new ArrayList<String>();
    for (int i = 0; i < list.size(); i++) {
      var entry = field + "[" + i + "]";
      var word = text(source, entry, list.get(i));
      if (!Words.isWord(word)) {
        throw new IllegalArgumentException(
            "%s: %s is '%s'; expected a word of letters, without spaces around it"
                .formatted(source, entry, word));
      }
      words.add(word);
    }
    return words;
  }

  private static List<JsonNode> list(String source, String entry, JsonNode json) {
    if (!json.isArray()) {
      throw new IllegalArgumentException(
          "%s: %s is %s; expected a list"
              .formatted(source, entry, json.isMissingNode() ? "missing" : json));
    }
    return json.values().stream().toList();
  }

  private static String text(String source, String entry, JsonNode json) {
    if (!json.isString()) {
      throw new IllegalArgumentException(
          "%s: %s is %s; expected text".formatted(source, entry, json));
    }
    return json.stringValue();
  }

  /** Returns these as JSON, which {@link #read} reads. */
  public String json() {
    return JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(this) + "\n";
  }
}
