package dev.loupe.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/** Reads numbers and ranges of them: {@code 0-3,7}. */
final class NumberList {
  private static final Pattern PART = Pattern.compile("([0-9]{1,7})(?:-([0-9]{1,7}))?");

  private NumberList() {}

  /**
   * Returns the numbers, in the order given.
   *
   * @param count how many there are, from 0
   * @throws IllegalArgumentException if one is none of them, or is there twice
   */
  static List<Integer> parse(String option, String text, int count) {
    var numbers = new ArrayList<Integer>();
    for (var part : text.split(",", -1)) {
      var match = PART.matcher(part.strip());
      if (!match.matches()) {
        throw new IllegalArgumentException(
            option + " \"" + text + "\": expected numbers and ranges such as 0-3,7");
      }
      int first = Integer.parseInt(match.group(1));
      int last = match.group(2) == null ? first : Integer.parseInt(match.group(2));
      if (last < first) {
        throw new IllegalArgumentException(
            option + " \"" + text + "\": the range " + part.strip() + " is empty");
      }
      if (last >= count) {
        throw new IllegalArgumentException(
            option + " \"" + text + "\": this model has 0 to " + (count - 1));
      }
      for (int number = first; number <= last; number++) {
        numbers.add(number);
      }
    }
    if (numbers.stream().distinct().count() < numbers.size()) {
      throw new IllegalArgumentException(option + " \"" + text + "\": a number is there twice");
    }
    return numbers;
  }

  /** Splits a list at its commas. */
  static List<String> split(String text) {
    return Arrays.stream(text.split(",", -1)).map(String::strip).toList();
  }
}
