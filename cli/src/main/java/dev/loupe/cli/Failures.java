package dev.loupe.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.CancellationException;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Says what went wrong in one line, and gives the exit code. */
final class Failures {
  private final Main main;

  Failures(Main main) {
    this.main = main;
  }

  /** Reports wrong usage. */
  int usage(ParameterException e, String[] args) {
    var line = e.getCommandLine();
    var message = new StringBuilder(message(e).replaceFirst("^Error: ", ""));
    if (e instanceof UnmatchedArgumentException unmatched) {
      unmatched.getSuggestions().stream()
          .findFirst()
          .ifPresent(it -> message.append("; did you mean ").append(it).append('?'));
    }
    message.append(" (see ").append(line.getCommandSpec().qualifiedName()).append(" --help)");
    print(message.toString(), e, line.getErr());
    return CommandLine.ExitCode.USAGE;
  }

  /** Reports a command that failed, or was told to stop. */
  int execution(Exception e, CommandLine line, ParseResult parsed) {
    int code = report(e, line.getErr());
    return e instanceof CancellationException ? Interruption.EXIT_CODE : code;
  }

  /** Reports a failure of any kind. */
  int report(Throwable e, PrintWriter err) {
    print(describe(e), e, err);
    return CommandLine.ExitCode.SOFTWARE;
  }

  private void print(String message, Throwable e, PrintWriter err) {
    err.println(Shell.alarming(main.shell().err(), "loupe:") + " " + message);
    // Of wrong usage only the cause says more than the message.
    boolean plain = e instanceof ParameterException && e.getCause() == null;
    if (main.debug() && !plain) {
      e.printStackTrace(err);
    }
    err.flush();
  }

  private String describe(Throwable e) {
    return switch (e) {
      case OutOfMemoryError memory ->
          "out of memory ("
              + message(memory)
              + "): give Java more with LOUPE_JAVA_OPTS=-Xmx8g, or ask for less at once";
      case LinkageError linkage when isNative(linkage) ->
          "the native libraries cannot be loaded: " + rootMessage(linkage);
      case UncheckedIOException io -> message(io) + because(io);
      case NoSuchFileException file -> "no such file or folder: " + file.getMessage();
      case AccessDeniedException file -> "permission denied: " + file.getMessage();
      case IOException io -> message(io);
      default -> isBug(e) ? "unexpected " + oneLine(e.toString()) + advice() : message(e);
    };
  }

  // A class whose initialiser failed to load its library fails as NoClassDefFoundError later on.
  private static boolean isNative(LinkageError e) {
    return root(e) instanceof UnsatisfiedLinkError
        || (e instanceof NoClassDefFoundError && saysNative(root(e)));
  }

  // That later error holds its first cause only as text.
  private static boolean saysNative(Throwable root) {
    return root instanceof ExceptionInInitializerError
        && message(root).contains(UnsatisfiedLinkError.class.getName());
  }

  /** Tells whether an exception was thrown by the machine, not by code that chose its words. */
  private static boolean isBug(Throwable e) {
    boolean chosen =
        e instanceof IllegalArgumentException
            || e instanceof IllegalStateException
            || e instanceof UnsupportedOperationException
            || e instanceof CancellationException;
    return e.getMessage() == null || (e.getClass().getName().startsWith("java.") && !chosen);
  }

  private String advice() {
    return main.debug() ? "" : "; --debug shows where";
  }

  /** Gives the cause of a failed read or write, unless the message says it already. */
  private String because(UncheckedIOException e) {
    var cause = e.getCause();
    return cause == null || message(e).contains(message(cause)) ? "" : ": " + describe(cause);
  }

  private static String rootMessage(Throwable e) {
    return message(root(e));
  }

  private static Throwable root(Throwable e) {
    var root = e;
    for (var cause = root.getCause(); cause != null; cause = root.getCause()) {
      root = cause;
    }
    return root;
  }

  private static String message(Throwable e) {
    var text = e.getMessage();
    return oneLine(text == null ? e.toString() : text);
  }

  private static String oneLine(String text) {
    return text.strip().replaceAll("\\s*\\R\\s*", " ");
  }
}
