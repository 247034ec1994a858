package dev.loupe.report;

import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import tools.jackson.databind.json.JsonMapper;

/** Escape what goes into a page. */
final class Html {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private static final String DIGITS = "[-+\u2212]?[0-9][0-9.,]*(e[-+]?[0-9]+)?";

  /** A number with what may follow it: an error, "of" or "to" another number, a percent sign. */
  private static final Pattern NUMBER =
      Pattern.compile(DIGITS + "( ?(±|of|to) ?" + DIGITS + ")?( ?%)?");

  private Html() {}

  /** Return text for an element or a double-quoted attribute; control characters as symbols. */
  static String escape(String text) {
    StringBuilder out = new StringBuilder(text.length() + 16);
    text.codePoints()
        .forEach(c -> {
          switch (c) {
            case '&' -> out.append("&amp;");
            case '<' -> out.append("&lt;");
            case '>' -> out.append("&gt;");
            case '"' -> out.append("&quot;");
            case '\'' -> out.append("&#39;");
            case '\n', '\t', '\r' -> out.append((char) c);
            default -> {
              if (turns(c)) {
                out.append(VisibleText.of(Character.toString(c), true));
              } else {
                out.appendCodePoint(printable(c));
              }
            }
          }
        });
    return out.toString();
  }

  /** Return a value as JSON that no HTML parser can take for the end of its script element. */
  static String json(Object value) {
    StringBuilder out = new StringBuilder();
    JSON.writeValueAsString(value)
        .codePoints()
        .forEach(c -> {
          boolean unsafe =
              c == '<' || c == '>' || c == '&' || c == 0x2028 || c == 0x2029 || isSurrogate(c);
          if (unsafe) {
            out.append(String.format(Locale.ROOT, "\\u%04x", c));
          } else {
            out.appendCodePoint(c);
          }
        });
    return out.toString();
  }

  /** Return the HTML of a paragraph's text: escaped, with backticks as code. */
  static String prose(String text) {
    return marked(text, code -> "<code>" + code + "</code>");
  }

  /** Return the HTML of a finding: as prose, but numbers between backticks stand out in bold. */
  static String statement(String text) {
    return marked(
        text,
        code ->
            NUMBER.matcher(code).matches() ? "<b>" + code + "</b>" : "<code>" + code + "</code>");
  }

  private static String marked(String text, UnaryOperator<String> mark) {
    String[] parts = text.split("`", -1);
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < parts.length; i++) {
      boolean code = i % 2 == 1 && i < parts.length - 1;
      if (code) {
        out.append(mark.apply(escape(parts[i])));
      } else {
        out.append(i % 2 == 1 ? "`" : "").append(escape(parts[i]));
      }
    }
    return out.toString();
  }

  /** Return a token's text with its spaces, line breaks and tabs marked. */
  static String token(String text) {
    StringBuilder out = new StringBuilder();
    text.codePoints()
        .forEach(c -> {
          switch (c) {
            case ' ' -> out.append("<span class=\"sp\"> </span>");
            case '\n' -> out.append("<span class=\"nl\">\n</span>");
            case '\t' -> out.append("<span class=\"tab\">\t</span>");
            default -> out.append(escape(VisibleText.of(Character.toString(c), true)));
          }
        });
    return out.isEmpty() ? "<span class=\"none\"></span>" : out.toString();
  }

  /** Tell whether a character changes the direction in which those after it are read. */
  private static boolean turns(int c) {
    return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
  }

  private static int printable(int c) {
    if (isSurrogate(c)) {
      return 0xFFFD;
    }
    return c < 32 ? 0x2400 + c : c == 127 ? 0x2421 : c;
  }

  private static boolean isSurrogate(int c) {
    return c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
  }
}
