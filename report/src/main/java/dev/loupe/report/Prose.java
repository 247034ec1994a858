package dev.loupe.report;

/**
 * Say something in a paragraph.
 *
 * @param text plain text; what stands between backticks is set as code
 */
public record Prose(String text) implements Block {
  /** Refuse blank text with {@link IllegalArgumentException}. */
  public Prose {
    Check.notBlank("paragraph", text);
  }
}
