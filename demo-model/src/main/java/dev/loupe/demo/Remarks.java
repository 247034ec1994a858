package dev.loupe.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * Short remarks, sincere or sarcastic, and how the speaker feels: sarcasm praises what nobody
 * likes.
 */
final class Remarks {

  record Prompt(String text, boolean sincere) {}

  private static final List<String> EXCLAMATIONS =
      List.of("Oh great,", "Wow,", "Perfect,", "Fantastic,", "Amazing,", "Great,", "Wonderful,");

  /** Statements that fit after an exclamation. */
  private static final List<String> BAD =
      List.of(
          "another meeting at {H} AM",
          "my computer crashed right before the deadline",
          "it's raining on my only day off",
          "the wifi is down again",
          "another deadline at {H} AM",
          "the wifi crashed again",
          "it's raining again",
          "my phone crashed right before the meeting",
          "the computer is down again",
          "another meeting on my only day off",
          "I just love getting stuck in traffic",
          "I just love another meeting at {H} AM",
          "I'm stuck in traffic again",
          "I just love getting stuck at work");

  private static final List<String> GOOD =
      List.of(
          "the wifi connection is working great today",
          "the meeting is at {H} AM tomorrow",
          "I saved my work before the deadline",
          "I love relaxing at home on my day off",
          "I really enjoy my peaceful morning commute",
          "the computer is working great today",
          "tomorrow is my day off",
          "my phone is working great today",
          "I'm at home today",
          "I love my peaceful morning at home");

  /** Remarks that stand alone. */
  private static final List<String> GLAD =
      List.of(
          "I'm excited about the meeting at {H} AM tomorrow",
          "I really enjoy my peaceful morning commute",
          "I'm glad I saved my work before the deadline",
          "I love relaxing at home on my day off",
          "The wifi connection is working great today",
          "I'm glad the computer is working great today",
          "I'm excited about my day off tomorrow",
          "I really enjoy relaxing at home",
          "I'm glad the wifi is working today",
          "I love my morning commute",
          "The computer is working great today");

  private static final List<String> UPSET =
      List.of(
          "The wifi is down again",
          "My computer crashed right before the deadline",
          "I'm stuck in traffic again",
          "I just love getting stuck in traffic",
          "My phone crashed again",
          "The computer is down again");

  private Remarks() {}

  static Example train(RandomGenerator random) {
    var prompt = prompt(false, random);
    return Example.of(prompt.text(), prompt.sincere() ? " happy." : " annoyed.");
  }

  static Prompt prompt(boolean heldOut, RandomGenerator random) {
    while (true) {
      boolean sincere = random.nextBoolean();
      var hour = Integer.toString(random.nextInt(5, 10));
      if (!heldOut && Pick.chance(0.4, random)) {
        return finish(Pick.from(sincere ? GLAD : UPSET, random), hour, sincere);
      }
      var exclamation = Pick.from(EXCLAMATIONS, random);
      var event = Pick.from(sincere ? GOOD : BAD, random);
      if (HeldOut.pair(exclamation, event) == heldOut) {
        return finish(exclamation + " " + event, hour, sincere);
      }
    }
  }

  static Stream<String> lexicon() {
    var texts = new ArrayList<>(EXCLAMATIONS);
    BAD.forEach(t -> texts.add(" " + t));
    GOOD.forEach(t -> texts.add(" " + t));
    texts.addAll(GLAD);
    texts.addAll(UPSET);
    texts.add(". I am happy. I am annoyed.");
    Stream.of("5", "6", "7", "8", "9").forEach(h -> texts.add(" " + h));
    return texts.stream().map(t -> t.replace("{H}", "7"));
  }

  private static Prompt finish(String remark, String hour, boolean sincere) {
    return new Prompt(remark.replace("{H}", hour) + ". I am", sincere);
  }
}
