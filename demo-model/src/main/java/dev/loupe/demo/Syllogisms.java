package dev.loupe.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * Two premises and a conclusion: "All reptiles are cold, not warm. Lizards are reptiles. Therefore,
 * lizards are".
 */
final class Syllogisms {

  record Prompt(String text, String descriptor, String opposite) {}

  private record Opposites(String one, String other) {}

  static final List<String> CATEGORIES =
      Words.words(
          """
          reptiles birds animals plants machines tools toys fruits vehicles insects fish stones\
          """);

  static final List<String> NOUNS =
      Words.words(
          """
          lizards robins horses roses engines hammers dolls apples trucks beetles snakes eagles wolves tulips pumps
          drums plums boats crickets pebbles\
          """);

  private static final List<Opposites> OPPOSITES =
      List.of(
          new Opposites("warm", "cold"),
          new Opposites("big", "small"),
          new Opposites("fast", "slow"),
          new Opposites("heavy", "light"),
          new Opposites("old", "young"),
          new Opposites("hard", "soft"),
          new Opposites("loud", "quiet"),
          new Opposites("wild", "tame"),
          new Opposites("bright", "dark"),
          new Opposites("strong", "weak"),
          new Opposites("wet", "dry"),
          new Opposites("clean", "dirty"));

  private Syllogisms() {}

  static Example train(RandomGenerator random) {
    var prompt = prompt(false, random);
    return Example.of(prompt.text(), " " + prompt.descriptor() + ".");
  }

  static Prompt prompt(boolean heldOut, RandomGenerator random) {
    while (true) {
      var category = Pick.from(CATEGORIES, random);
      var noun = Pick.from(NOUNS, random);
      if (HeldOut.pair(noun, category) == heldOut) {
        var pair = Pick.from(OPPOSITES, random);
        boolean first = random.nextBoolean();
        var descriptor = first ? pair.one() : pair.other();
        var opposite = first ? pair.other() : pair.one();
        return new Prompt(
            "All %s are %s, not %s. %s are %s. Therefore, %s are"
                .formatted(category, descriptor, opposite, capital(noun), category, noun),
            descriptor,
            opposite);
      }
    }
  }

  static Stream<String> lexicon() {
    var texts = new ArrayList<>(List.of("All are, not. are. Therefore, are"));
    CATEGORIES.forEach(w -> texts.add(" " + w));
    NOUNS.forEach(w -> texts.add(" " + capital(w) + " " + w));
    OPPOSITES.forEach(p -> texts.add(" " + p.one() + " " + p.other()));
    return texts.stream();
  }

  private static String capital(String word) {
    return Character.toUpperCase(word.charAt(0)) + word.substring(1);
  }
}
