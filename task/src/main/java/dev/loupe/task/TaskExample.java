package dev.loupe.task;

import dev.loupe.model.Prompt;
import dev.loupe.model.Token;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Pairs a clean prompt with a corrupted one that lines up with it token for token.
 *
 * @param clean the prompt that shows the behaviour
 * @param corrupted the prompt that lacks what the behaviour needs; as many tokens as {@code clean}
 * @param answers the tokens that are right after the clean prompt; at least one
 * @param wrong the tokens that they are measured against; none in common with {@code answers}
 * @param positions token indices of the key positions, the same in both prompts
 * @param template the text that both were made of, its slots open; empty where it is not known
 */
public record TaskExample(
    Prompt clean,
    Prompt corrupted,
    List<Token> answers,
    List<Token> wrong,
    Map<Position, Integer> positions,
    String template) {

  /** Copies the collections and checks what the components promise. */
  public TaskExample {
    answers = List.copyOf(answers);
    wrong = List.copyOf(wrong);
    positions = Collections.unmodifiableMap(new LinkedHashMap<>(positions));
    if (clean.length() != corrupted.length()) {
      throw new IllegalArgumentException(
          "the clean prompt has %d tokens, the corrupted one %d; expected as many:%n  %s%n  %s"
              .formatted(clean.length(), corrupted.length(), clean, corrupted));
    }
    if (answers.isEmpty()) {
      throw new IllegalArgumentException("no answer to the prompt " + clean);
    }
    var rightIds = answers.stream().map(Token::id).toList();
    for (var token : wrong) {
      if (rightIds.contains(token.id())) {
        throw new IllegalArgumentException(token + " is both right and wrong after " + clean);
      }
    }
    positions.forEach((position, index) -> {
      if (index < 0 || index >= clean.length()) {
        throw new IllegalArgumentException(
            "position %s = %d: expected 0 to %d, the tokens of %s"
                .formatted(position, index, clean.length() - 1, clean));
      }
    });
  }

  /** Pairs prompts whose template is not known. */
  public TaskExample(
      Prompt clean,
      Prompt corrupted,
      List<Token> answers,
      List<Token> wrong,
      Map<Position, Integer> positions) {
    this(clean, corrupted, answers, wrong, positions, "");
  }

  /**
   * Gives the token index of a key position.
   *
   * @throws IllegalArgumentException if the example has no such position, with those it has
   */
  public int at(Position position) {
    var index = positions.get(position);
    if (index == null) {
      throw new IllegalArgumentException(
          "no position %s here; there are %s".formatted(position, positions.keySet()));
    }
    return index;
  }
}
