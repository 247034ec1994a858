package dev.loupe.model;

/**
 * Says whether a prompt begins with the tokenizer's BOS token; never left to a default of the
 * model.
 */
public enum Bos {
  /** The first token is BOS; an error where the tokenizer has none. */
  PREPEND,
  /** The tokens are those of the text alone. */
  NONE
}
