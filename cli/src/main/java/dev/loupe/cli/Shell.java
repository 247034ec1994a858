package dev.loupe.cli;

import dev.loupe.report.Terminal;
import java.util.Map;
import picocli.CommandLine.Help.Ansi;

/**
 * Where the command runs: its environment, and which of its outputs a person looks at.
 *
 * @param environment as {@link System#getenv()} gives it
 * @param outIsTerminal whether results go to a terminal
 * @param errIsTerminal whether progress and notes go to a terminal
 */
record Shell(Map<String, String> environment, boolean outIsTerminal, boolean errIsTerminal) {
  // What reads a pipe has no margin: tables keep their texts whole.
  private static final int PIPE_WIDTH = 200;

  /** Copies the environment. */
  Shell {
    environment = Map.copyOf(environment);
  }

  /** Asks the launcher, which says {@code -Dloupe.terminal="out err"}, or else Java's console. */
  @SuppressWarnings("SystemConsoleNull") // It is null again in Java 25, where there is no terminal.
  static Shell ofProcess() {
    var told = System.getProperty("loupe.terminal");
    if (told != null) {
      return new Shell(System.getenv(), told.contains("out"), told.contains("err"));
    }
    var console = System.console();
    boolean terminal = console != null && console.isTerminal();
    return new Shell(System.getenv(), terminal, terminal);
  }

  /** Returns what the results' end can show. */
  Terminal out() {
    var found = Terminal.detect(environment, outIsTerminal);
    return outIsTerminal || environment.containsKey("COLUMNS")
        ? found
        : found.withWidth(PIPE_WIDTH);
  }

  /** Returns what the notes' end can show. */
  Terminal err() {
    return Terminal.detect(environment, errIsTerminal);
  }

  /** Returns text in bold where there are colours. */
  static String bold(Terminal terminal, String text) {
    return styled(terminal, "1", text);
  }

  /** Returns text that stands back where there are colours. */
  static String faint(Terminal terminal, String text) {
    return styled(terminal, "2", text);
  }

  /** Returns text in the colour of errors where there are colours. */
  static String alarming(Terminal terminal, String text) {
    return styled(terminal, "1;31", text);
  }

  private static String styled(Terminal terminal, String code, String text) {
    return terminal.colour() == Terminal.Colour.NONE || text.isEmpty()
        ? text
        : "\u001b[" + code + "m" + text + "\u001b[0m";
  }

  /** Quotes an argument for a POSIX shell where it needs it. */
  static String quoted(String argument) {
    return argument.matches("[A-Za-z0-9_./:@%+=-]+")
        ? argument
        : "'" + argument.replace("'", "'\\''") + "'";
  }

  /** Returns how picocli styles its help for a terminal. */
  static Ansi ansi(Terminal terminal) {
    return terminal.colour() == Terminal.Colour.NONE ? Ansi.OFF : Ansi.ON;
  }
}
