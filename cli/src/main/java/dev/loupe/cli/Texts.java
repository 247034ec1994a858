package dev.loupe.cli;

import dev.loupe.model.Bos;
import dev.loupe.model.Tokenizer;
import java.util.Locale;

/** What commands do alike with the texts that they are given and that they show. */
final class Texts {
  private Texts() {}

  /** Refuses a text without any character: a lone BOS is never what was meant. */
  static void requireSome(String text, LoupeCommand command) {
    if (text.isEmpty()) {
      throw command.wrongUsage("the text is empty: expected at least one character");
    }
  }

  /** Returns whether BOS is prepended: unless asked not to, where there is one. */
  static Bos bos(boolean noBos, Tokenizer tokenizer) {
    return noBos || tokenizer.bos().isEmpty() ? Bos.NONE : Bos.PREPEND;
  }

  /** Fills a text up with spaces. */
  static String padded(String text, int width) {
    return text + " ".repeat(Math.max(0, width - text.length()));
  }

  /** Quotes a text so that nothing in it is invisible and nothing in it commands a terminal. */
  static String quoted(String text) {
    var out = new StringBuilder("\"");
    text.codePoints()
        .forEach(c -> {
          switch (c) {
            case '\n' -> out.append("\\n");
            case '\r' -> out.append("\\r");
            case '\t' -> out.append("\\t");
            case '"' -> out.append("\\\"");
            case '\\' -> out.append("\\\\");
            default -> {
              if (c != ' ' && isInvisible(c)) {
                out.append(String.format(Locale.ROOT, c <= 0xffff ? "\\u%04x" : "\\U%08x", c));
              } else {
                out.appendCodePoint(c);
              }
            }
          }
        });
    return out.append('"').toString();
  }

  /** Replaces what could command a terminal, line breaks and tabs aside. */
  static String harmless(String text) {
    return text.codePoints()
        .map(c -> Character.isISOControl(c) && c != '\n' && c != '\t' ? 0xfffd : c)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  private static boolean isInvisible(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.UNASSIGNED,
          Character.PRIVATE_USE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SPACE_SEPARATOR ->
          true;
      default -> false;
    };
  }
}
