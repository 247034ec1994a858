package dev.loupe.report;

import java.util.List;

/**
 * List prompts with their exact tokens, roles highlighted, spaces and line breaks made visible.
 *
 * @param title what these prompts are
 * @param lines at least one; the page folds what comes after the first dozen
 */
public record Prompts(String title, List<TokenLine> lines) implements Block {
  /** Copy the lines; refuse none at all with {@link IllegalArgumentException}. */
  public Prompts {
    Check.notBlank("title of prompts", title);
    lines = List.copyOf(lines);
    Check.notEmpty("prompts of '" + title + "'", lines);
  }
}
