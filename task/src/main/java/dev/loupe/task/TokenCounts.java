package dev.loupe.task;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How many tokens the words of a syllogism have. Counted are the tokens of the word alone with the
 * space before it, as it stands in the sentence: neither BOS nor what follows it. In Pythia {@code
 * " Lizards"} has 2, {@code " lizards"} 1 and {@code " cold-blooded"} 3.
 *
 * @param category of a category
 * @param descriptor of a descriptor and of its opposite
 * @param capitalNoun of a noun that begins a sentence
 * @param noun of a noun within a sentence
 */
public record TokenCounts(
    OptionalInt category, OptionalInt descriptor, OptionalInt capitalNoun, OptionalInt noun) {
  /** Any number: only what pairs need, a descriptor and its opposite of as many tokens. */
  public static final TokenCounts ANY =
      new TokenCounts(
          OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty());

  /** What the published study of Pythia took: category 1, descriptor 3, Noun 2, noun 1. */
  public static final TokenCounts PYTHIA = of(1, 3, 2, 1);

  /** One token each. */
  public static final TokenCounts SINGLE = of(1, 1, 1, 1);

  private static final Map<String, TokenCounts> NAMED =
      Collections.unmodifiableMap(
          Stream.of(Map.entry("any", ANY), Map.entry("pythia", PYTHIA), Map.entry("single", SINGLE))
              .collect(
                  Collectors.toMap(
                      Map.Entry::getKey, Map.Entry::getValue, (a, _) -> a, LinkedHashMap::new)));

  private static final Pattern PART =
      Pattern.compile("\\s*(category|descriptor|Noun|noun)\\s+(\\d{1,3})\\s*");

  /** Refuses counts below 1. */
  public TokenCounts {
    for (var count : List.of(category, descriptor, capitalNoun, noun)) {
      if (count.orElse(1) < 1) {
        throw new IllegalArgumentException(
            "words of " + count.orElse(1) + " tokens: expected 1 or more");
      }
    }
  }

  /** Returns exact counts. */
  public static TokenCounts of(int category, int descriptor, int capitalNoun, int noun) {
    return new TokenCounts(
        OptionalInt.of(category),
        OptionalInt.of(descriptor),
        OptionalInt.of(capitalNoun),
        OptionalInt.of(noun));
  }

  /**
   * Parses {@code any}, {@code pythia}, {@code single}, or counts such as {@code category 1,
   * descriptor 3, Noun 2, noun 1}, of which those left out are any.
   *
   * @throws IllegalArgumentException if it is none of these
   */
  @JsonCreator
  public static TokenCounts parse(String text) {
    var named = NAMED.get(text.strip());
    if (named != null) {
      return named;
    }
    var counts = new LinkedHashMap<String, Integer>();
    for (var part : text.split(",", -1)) {
      var match = PART.matcher(part);
      if (!match.matches() || counts.put(match.group(1), Integer.valueOf(match.group(2))) != null) {
        throw new IllegalArgumentException(
            ("token counts '%s': expected any, pythia, single, or counts such as 'category 1,"
                    + " descriptor 3, Noun 2, noun 1'")
                .formatted(text));
      }
    }
    return new TokenCounts(
        count(counts, "category"),
        count(counts, "descriptor"),
        count(counts, "Noun"),
        count(counts, "noun"));
  }

  private static OptionalInt count(Map<String, Integer> counts, String name) {
    var count = counts.get(name);
    return count == null ? OptionalInt.empty() : OptionalInt.of(count);
  }

  /** Returns the form that {@link #parse} reads. */
  @JsonValue
  @Override
  public String toString() {
    return NAMED.entrySet().stream()
        .filter(it -> it.getValue().equals(this))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElseGet(this::listed);
  }

  private String listed() {
    return Stream.of(
            part("category", category),
            part("descriptor", descriptor),
            part("Noun", capitalNoun),
            part("noun", noun))
        .filter(it -> !it.isEmpty())
        .collect(Collectors.joining(", "));
  }

  private static String part(String name, OptionalInt count) {
    return count.isPresent() ? name + " " + count.getAsInt() : "";
  }
}
