package dev.loupe.model;

/** On which side of a shorter row its padding stands. */
public enum PaddingSide {
  /** Before the first token, so that last tokens line up. */
  LEFT,
  /** After the last token, so that first tokens line up. */
  RIGHT
}
