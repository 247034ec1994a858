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

  /** The first mention of a syllogism's category: its last token. */
  public static final Position CATEGORY = new Position("CATEGORY");

  /** The second mention of a syllogism's category: its last token. */
  public static final Position CATEGORY2 = new Position("CATEGORY2");

  /** What a syllogism says of its category: its last token. */
  public static final Position DESCRIPTOR = new Position("DESCRIPTOR");

  /** What a syllogism denies of its category: its last token. */
  public static final Position OPPOSITE = new Position("OPPOSITE");

  /** A noun: what a syllogism says to be of its category, or what lasted years; its last token. */
  public static final Position NOUN = new Position("NOUN");

  /** The second mention of a syllogism's noun, in its conclusion: its last token. */
  public static final Position NOUN2 = new Position("NOUN2");

  /** The century of the year that a span begins in. */
  public static final Position XX1 = new Position("XX1");

  /** The last two digits of the year that a span begins in. */
  public static final Position YY = new Position("YY");

  /** Where the last token of a repeated sequence stood the first time. */
  public static final Position EARLIER = new Position("EARLIER");

  /** The token after {@link #EARLIER}, which is the answer: where an induction head looks. */
  public static final Position AFTER = new Position("AFTER");

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
