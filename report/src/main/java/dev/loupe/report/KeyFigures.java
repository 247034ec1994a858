package dev.loupe.report;

import java.util.List;

/**
 * Put the few numbers that matter most side by side.
 *
 * @param figures in reading order, at least one
 */
public record KeyFigures(List<Figure> figures) implements Block {

  /**
   * State one number.
   *
   * @param name what it is, such as "accuracy"
   * @param value as it shall be read, with its unit, such as "99.0 %"
   * @param explanation one line on what it means; may be empty
   */
  public record Figure(String name, String value, String explanation) {
    /** Refuse a blank name or value with {@link IllegalArgumentException}. */
    public Figure {
      Check.notBlank("name of a key figure", name);
      Check.notBlank("value of key figure '" + name + "'", value);
    }
  }

  /** Copy the list; refuse an empty one with {@link IllegalArgumentException}. */
  public KeyFigures {
    figures = List.copyOf(figures);
    Check.notEmpty("key figures", figures);
  }

  /** Return the given figures as one block. */
  public static KeyFigures of(Figure... figures) {
    return new KeyFigures(List.of(figures));
  }
}
