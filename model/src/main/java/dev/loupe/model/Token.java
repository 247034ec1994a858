package dev.loupe.model;

/**
 * Names one token of a vocabulary.
 *
 * @param text its exact string, a leading space included
 * @param id its id, from 0
 */
public record Token(String text, long id) {
  /** Refuses a negative id. */
  public Token {
    if (id < 0) {
      throw new IllegalArgumentException(
          "token id " + id + " (" + Tokenizer.quote(text) + "): expected 0 or more");
    }
  }

  @Override
  public String toString() {
    return Tokenizer.quote(text) + " (" + id + ")";
  }
}
