package dev.loupe.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Holds a text together with the exact tokens that a model sees.
 *
 * @param text the text, BOS not included
 * @param ids the token ids [pos], BOS included if prepended
 * @param tokens the exact string of every token [pos]
 * @param bosPrepended whether position 0 is a BOS that is not part of the text
 */
public record Prompt(String text, List<Long> ids, List<String> tokens, boolean bosPrepended) {

  /** Which of several equal tokens of a prompt is meant. */
  public enum Occurrence {
    /** The only one; an error if there are more. */
    ONLY,
    /** The first. */
    FIRST,
    /** The last. */
    LAST
  }

  /** Copies the lists; refuses an empty prompt and lists of different lengths. */
  public Prompt {
    ids = List.copyOf(ids);
    tokens = List.copyOf(tokens);
    if (ids.isEmpty()) {
      throw new IllegalArgumentException("an empty prompt: expected at least one token");
    }
    if (ids.size() != tokens.size()) {
      throw new IllegalArgumentException(
          "%d ids but %d tokens: expected a token for every id"
              .formatted(ids.size(), tokens.size()));
    }
  }

  /**
   * Encodes a text.
   *
   * @throws IllegalArgumentException as {@link Tokenizer#encode(String, Bos)}
   */
  public static Prompt of(Tokenizer tokenizer, String text, Bos bos) {
    return of(tokenizer, text, tokenizer.encode(text, bos), bos == Bos.PREPEND);
  }

  /** Takes exact ids, adding nothing; the text is what they decode to. */
  public static Prompt ofIds(Tokenizer tokenizer, long... ids) {
    return of(tokenizer, tokenizer.decode(ids), ids, false);
  }

  private static Prompt of(Tokenizer tokenizer, String text, long[] ids, boolean bosPrepended) {
    return new Prompt(
        text, Arrays.stream(ids).boxed().toList(), tokenizer.strTokens(ids), bosPrepended);
  }

  /** The number of tokens. */
  public int length() {
    return ids.size();
  }

  /** A fresh array of the ids [pos]. */
  public long[] idArray() {
    return ids.stream().mapToLong(Long::longValue).toArray();
  }

  /**
   * Finds the position of a token that occurs once, such as {@code " Mary"}.
   *
   * @throws IllegalArgumentException if it is absent or occurs more often, with the prompt's tokens
   */
  public int position(String token) {
    return position(token, Occurrence.ONLY);
  }

  /**
   * Finds the position of a token.
   *
   * @throws IllegalArgumentException if it is absent, or ambiguous for {@link Occurrence#ONLY}
   */
  public int position(String token, Occurrence occurrence) {
    var found = positions(token);
    if (found.isEmpty()) {
      throw new IllegalArgumentException(
          "%s is not a token of the prompt%s: %s"
              .formatted(Tokenizer.quote(token), hint(token), show()));
    }
    return switch (occurrence) {
      case FIRST -> found.getFirst();
      case LAST -> found.getLast();
      case ONLY -> {
        if (found.size() > 1) {
          throw new IllegalArgumentException(
              "%s is at positions %s of the prompt: say FIRST or LAST: %s"
                  .formatted(Tokenizer.quote(token), found, show()));
        }
        yield found.getFirst();
      }
    };
  }

  /** Lists all positions of a token, in ascending order; empty where it is absent. */
  public List<Integer> positions(String token) {
    var found = new ArrayList<Integer>();
    for (int i = 0; i < tokens.size(); i++) {
      if (tokens.get(i).equals(token)) {
        found.add(i);
      }
    }
    return List.copyOf(found);
  }

  private String hint(String token) {
    return tokens.stream()
        .filter(it -> it.strip().equalsIgnoreCase(token.strip()))
        .findFirst()
        .map(it -> " (did you mean " + Tokenizer.quote(it) + "?)")
        .orElse("");
  }

  /** Shows the exact tokens with their positions: {@code 0:"When" 1:" Mary" 2:" and"}. */
  public String show() {
    return IntStream.range(0, tokens.size())
        .mapToObj(i -> i + ":" + Tokenizer.quote(tokens.get(i)))
        .collect(Collectors.joining(" "));
  }

  @Override
  public String toString() {
    return show();
  }
}
