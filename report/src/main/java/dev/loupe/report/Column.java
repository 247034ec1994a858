package dev.loupe.report;

/**
 * Describe one column of a {@link Table}.
 *
 * @param name the heading
 * @param explanation shown when the heading is pointed at; may be empty
 * @param kind what its cells hold
 */
public record Column(String name, String explanation, Kind kind) {

  /** Say what the cells of a column hold and so how they are set. */
  public sealed interface Kind {
    /** Text, aligned left. */
    record Text() implements Kind {}

    /** A short verdict out of a few, set as a tag. */
    record Label() implements Kind {}

    /**
     * Numbers, aligned right.
     *
     * @param decimals digits after the point, 0 to 12
     * @param signed whether positive numbers show a plus sign
     */
    record Numeric(int decimals, boolean signed) implements Kind {
      /** Refuse decimals outside 0 to 12 with {@link IllegalArgumentException}. */
      public Numeric {
        Check.that(
            decimals >= 0 && decimals <= 12, "decimals is " + decimals + ", expected 0 to 12");
      }
    }
  }

  /** Refuse a blank name with {@link IllegalArgumentException}. */
  public Column {
    Check.notBlank("column name", name);
  }

  /** Return a column of text. */
  public static Column text(String name) {
    return new Column(name, "", new Kind.Text());
  }

  /** Return a column of tags. */
  public static Column label(String name) {
    return new Column(name, "", new Kind.Label());
  }

  /** Return a column of numbers with so many decimals. */
  public static Column number(String name, int decimals) {
    return new Column(name, "", new Kind.Numeric(decimals, false));
  }

  /** Return a column of numbers with so many decimals and always a sign. */
  public static Column signed(String name, int decimals) {
    return new Column(name, "", new Kind.Numeric(decimals, true));
  }

  /** Return this column with an explanation. */
  public Column explained(String text) {
    return new Column(name, text, kind);
  }

  boolean isNumeric() {
    return kind instanceof Kind.Numeric;
  }
}
