package dev.loupe.report;

/** Hold one cell of a {@link Table}. */
public sealed interface Cell {
  /**
   * Hold text.
   *
   * @param text may be empty
   */
  record Text(String text) implements Cell {}

  /**
   * Hold a number.
   *
   * @param value finite, or NaN for no value
   */
  record Numeric(double value) implements Cell {}

  /** Return a cell of text. */
  static Cell of(String text) {
    return new Text(text);
  }

  /** Return a cell with a number; NaN for no value. */
  static Cell of(double value) {
    return new Numeric(value);
  }
}
