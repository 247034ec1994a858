package dev.loupe.cli;

import java.util.Arrays;
import java.util.List;

/** Reads exact token ids: {@code 1,2,3;4,5,6}. */
final class TokenRows {
  private static final String EXPECTED =
      "; expected ids from 0 with commas between them and semicolons between rows, such as"
          + " 1,2,3;4,5,6";

  private TokenRows() {}

  /**
   * Returns the rows of {@code --tokens}.
   *
   * @throws IllegalArgumentException if anything is no id, or rows differ in length
   */
  static List<long[]> parse(String text) {
    var rows = parse("--tokens", text);
    var lengths = rows.stream().map(row -> row.length).toList();
    if (lengths.stream().distinct().count() > 1) {
      throw new IllegalArgumentException(
          "--tokens has rows of lengths " + lengths + ": expected one length, as nothing is added");
    }
    return rows;
  }

  /**
   * Returns the rows of an option, of any lengths.
   *
   * @throws IllegalArgumentException if anything is no id
   */
  static List<long[]> parse(String option, String text) {
    return Arrays.stream(text.split(";", -1)).map(row -> row(row, option, text)).toList();
  }

  private static long[] row(String row, String option, String text) {
    return Arrays.stream(row.split(",", -1))
        .mapToLong(id -> id(id.strip(), option, text))
        .toArray();
  }

  private static long id(String id, String option, String text) {
    if (!id.matches("[0-9]{1,18}")) {
      var what = id.isEmpty() ? "an empty place" : "\"" + id + "\"";
      throw new IllegalArgumentException(
          option + " \"" + shortened(text) + "\": " + what + " is no token id" + EXPECTED);
    }
    return Long.parseLong(id);
  }

  private static String shortened(String text) {
    return text.length() <= 60 ? text : text.substring(0, 60) + "...";
  }
}
