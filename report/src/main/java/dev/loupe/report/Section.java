package dev.loupe.report;

/**
 * Start a section: the blocks after it, up to the next section, stand under its title.
 *
 * @param title what the heading and the contents list say
 */
public record Section(String title) implements Block {
  /** Refuse a blank title with {@link IllegalArgumentException}. */
  public Section {
    Check.notBlank("section title", title);
  }
}
