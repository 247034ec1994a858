package dev.loupe.task;

import dev.loupe.model.Token;
import dev.loupe.model.Tokenizer;

/** What people type for the token that is to follow a prompt. */
public final class NextToken {
  private static final String ENDS = ".,;:!?)%";

  private NextToken() {}

  /**
   * Returns the one token that is meant. A word without a leading space that follows a word or a
   * punctuation mark is meant with it, where that is one token.
   *
   * @param prompt what it follows; empty if that is not known, as if a word
   * @throws IllegalArgumentException if the text is empty or not one token
   */
  public static Token of(Tokenizer tokenizer, String prompt, String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("an empty text: expected one token, such as \" Mary\"");
    }
    var spaced = " " + text;
    boolean word = Character.isLetter(text.codePointAt(0)) && follows(prompt);
    boolean isSpaced = (word || !tokenizer.isSingleToken(text)) && tokenizer.isSingleToken(spaced);
    var meant = isSpaced ? spaced : text;
    return new Token(meant, tokenizer.singleToken(meant));
  }

  /** Tells whether the next word after a prompt has a space before it. */
  private static boolean follows(String prompt) {
    if (prompt.isEmpty()) {
      return true;
    }
    int last = prompt.codePointBefore(prompt.length());
    return Character.isLetterOrDigit(last) || ENDS.indexOf(last) >= 0;
  }
}
