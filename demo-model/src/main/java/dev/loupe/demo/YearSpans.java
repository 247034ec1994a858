package dev.loupe.demo;

import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Spans of years: "The war lasted from the year 1732 to the year 17", to be followed by a later
 * year's last two digits.
 */
final class YearSpans {

  record Prompt(String text, int start) {}

  static final List<String> EVENTS =
      Words.words(
          """
          war siege voyage expedition rebellion drought famine festival project journey reign dispute strike
          exhibition campaign conflict survey treaty\
          """);

  private YearSpans() {}

  static Example train(RandomGenerator random) {
    var prompt = prompt(false, random);
    int end = random.nextInt(prompt.start() + 1, 100);
    return Example.of(prompt.text(), String.format(Locale.ROOT, "%02d.", end));
  }

  static Prompt prompt(boolean heldOut, RandomGenerator random) {
    while (true) {
      var event = Pick.from(EVENTS, random);
      int century = random.nextInt(11, 18);
      int start = random.nextInt(2, 99);
      if (HeldOut.pair(event, twoDigits(start)) == heldOut) {
        return new Prompt(
            String.format(
                Locale.ROOT,
                "The %s lasted from the year %d%02d to the year %d",
                event,
                century,
                start,
                century),
            start);
      }
    }
  }

  static Stream<String> lexicon() {
    return Stream.of(
            Stream.of("The lasted from the year to the year."),
            EVENTS.stream().map(e -> " " + e),
            IntStream.range(0, 100).mapToObj(YearSpans::twoDigits).map(y -> " " + y + y))
        .flatMap(s -> s);
  }

  static String twoDigits(int year) {
    return String.format(Locale.ROOT, "%02d", year);
  }
}
