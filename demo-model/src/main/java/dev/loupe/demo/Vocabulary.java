package dev.loupe.demo;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;

/** The tokens of the demo model, in the order of their ids: every word that an example can hold. */
final class Vocabulary {

  static final String BOS = "<|endoftext|>";
  static final String UNKNOWN = "<|unk|>";

  private final List<String> tokens;
  private final Map<String, Integer> ids = new HashMap<>();

  Vocabulary() {
    var words = new TreeSet<String>();
    Stream.of(
            IndirectObjects.lexicon(), Syllogisms.lexicon(), YearSpans.lexicon(), Remarks.lexicon())
        .flatMap(s -> s)
        .flatMap(text -> Split.tokens(text.replaceAll("\\{\\w+}", "")).stream())
        .filter(token -> !token.isBlank())
        .forEach(words::add);
    this.tokens = Stream.concat(Stream.of(BOS, UNKNOWN), words.stream()).toList();
    for (int i = 0; i < tokens.size(); i++) {
      ids.put(tokens.get(i), i);
    }
  }

  int size() {
    return tokens.size();
  }

  List<String> tokens() {
    return tokens;
  }

  /**
   * Gives the id of a token.
   *
   * @throws IllegalArgumentException if the vocabulary lacks it
   */
  int id(String token) {
    var id = ids.get(token);
    if (id == null) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "'%s' is not in the vocabulary of %d tokens", token, size()));
    }
    return id;
  }

  String token(int id) {
    return tokens.get(id);
  }

  /** Gives the ids of an example, the beginning-of-text token first. */
  long[] encode(Example example) {
    return Stream.concat(Stream.of(BOS), example.tokens().stream()).mapToLong(this::id).toArray();
  }
}
