package dev.loupe.explorer;

import java.io.Serial;

/** Says that a question cannot be answered, and which of its fields is to be changed. */
final class BadQuestion extends IllegalArgumentException {
  @Serial private static final long serialVersionUID = 1L;

  private final String field;

  /**
   * Names the field.
   *
   * @param field such as {@code clean}, as the question spells it
   * @param message a sentence for people
   */
  BadQuestion(String field, String message) {
    super(message);
    this.field = field;
  }

  String field() {
    return field;
  }
}
