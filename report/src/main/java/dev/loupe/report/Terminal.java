package dev.loupe.report;

import java.util.Locale;
import java.util.Map;

/**
 * Describe what a terminal can show.
 *
 * @param colour which colours it has
 * @param width columns, at least 20
 * @param unicode whether it shows more than ASCII
 */
public record Terminal(Colour colour, int width, boolean unicode) {

  /** Say which colours a terminal has. */
  public enum Colour {
    /** None: the output has no escape sequence at all. */
    NONE,
    /** The 256 of xterm. */
    INDEXED,
    /** 24 bits. */
    TRUE_COLOUR
  }

  private static final int DEFAULT_WIDTH = 80;
  private static final int MIN_WIDTH = 20;

  /** Refuse a width below 20 with {@link IllegalArgumentException}. */
  public Terminal {
    Check.that(
        width >= MIN_WIDTH, "terminal width is " + width + ", expected at least " + MIN_WIDTH);
  }

  /** Return a terminal without colours, of 80 columns, with Unicode: what a pipe or file gets. */
  public static Terminal plain() {
    return new Terminal(Colour.NONE, DEFAULT_WIDTH, true);
  }

  /**
   * Find out from the environment.
   *
   * <p>{@code NO_COLOR} wins over everything; {@code CLICOLOR_FORCE} and {@code FORCE_COLOR} turn
   * colours on where there is no terminal ({@code FORCE_COLOR=0} off); {@code TERM} and {@code
   * COLORTERM} say which; {@code COLUMNS} is the width; {@code LC_ALL}, {@code LC_CTYPE}, {@code
   * LANG} say whether there is Unicode.
   *
   * @param environment as {@link System#getenv()} gives it
   * @param isTty whether output goes to a terminal
   */
  public static Terminal detect(Map<String, String> environment, boolean isTty) {
    return new Terminal(colour(environment, isTty), columns(environment), hasUnicode(environment));
  }

  /** Return this terminal with another width. */
  public Terminal withWidth(int columns) {
    return new Terminal(colour, columns, unicode);
  }

  boolean hasColour() {
    return colour != Colour.NONE;
  }

  private static Colour colour(Map<String, String> environment, boolean isTty) {
    String force = environment.getOrDefault("FORCE_COLOR", "");
    boolean forced =
        isOn(environment.getOrDefault("CLICOLOR_FORCE", "")) || isOn(force) || force.equals("true");
    boolean refused =
        !environment.getOrDefault("NO_COLOR", "").isEmpty()
            || force.equals("0")
            || force.equals("false");
    if (refused || (!forced && !isTty)) {
      return Colour.NONE;
    }
    String term = environment.getOrDefault("TERM", "");
    String colourTerm = environment.getOrDefault("COLORTERM", "").toLowerCase(Locale.ROOT);
    if (force.equals("3") || colourTerm.equals("truecolor") || colourTerm.equals("24bit")) {
      return Colour.TRUE_COLOUR;
    }
    boolean dumb = term.isEmpty() || term.equals("dumb");
    if (dumb && !forced) {
      return environment.containsKey("WT_SESSION") ? Colour.TRUE_COLOUR : Colour.NONE;
    }
    boolean direct = term.endsWith("-direct") || term.contains("kitty");
    return direct ? Colour.TRUE_COLOUR : Colour.INDEXED;
  }

  private static boolean isOn(String value) {
    return value.length() == 1 && Character.isDigit(value.charAt(0)) && !value.equals("0");
  }

  private static int columns(Map<String, String> environment) {
    String columns = environment.getOrDefault("COLUMNS", "");
    boolean number = columns.matches("[0-9]{1,5}");
    return number ? Math.max(MIN_WIDTH, Integer.parseInt(columns)) : DEFAULT_WIDTH;
  }

  private static boolean hasUnicode(Map<String, String> environment) {
    for (String name : new String[] {"LC_ALL", "LC_CTYPE", "LANG"}) {
      String value = environment.getOrDefault(name, "");
      if (!value.isEmpty()) {
        String upper = value.toUpperCase(Locale.ROOT);
        return upper.contains("UTF-8") || upper.contains("UTF8");
      }
    }
    return environment.containsKey("WT_SESSION");
  }
}
