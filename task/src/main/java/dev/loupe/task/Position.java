package dev.loupe.task;

/**
 * Names a place in the prompts of a task, such as where the subject is first mentioned.
 *
 * @param name as the literature writes it, such as {@code S1+1}
 */
public record Position(String name) {
  /** The indirect object. */
  public static final Position IO = new Position("IO");

  /** The first mention of the subject. */
  public static final Position S1 = new Position("S1");

  /** The token after the first mention of the subject. */
  public static final Position S1_PLUS_1 = new Position("S1+1");

  /** The second mention of the subject. */
  public static final Position S2 = new Position("S2");

  /** The last token, whose logits are the answer. */
  public static final Position END = new Position("END");

  /** Refuses a blank name. */
  public Position {
    if (name.isBlank()) {
      throw new IllegalArgumentException("a position without a name: expected one such as END");
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
