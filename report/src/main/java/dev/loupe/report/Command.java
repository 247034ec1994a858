package dev.loupe.report;

/**
 * Show a command or other preformatted text, with a button that copies it.
 *
 * @param caption what it is for, such as "Run it again"; may be empty
 * @param text the exact text, line breaks kept
 */
public record Command(String caption, String text) implements Block {
  /** Refuse blank text with {@link IllegalArgumentException}. */
  public Command {
    Check.notBlank("command", text);
  }
}
