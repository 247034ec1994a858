package dev.loupe.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * What sentences about people are made of. {@code {A}} and {@code {B}} are two people, {@code {H}}
 * and {@code {I}} others.
 *
 * @param one phrases about one other person
 * @param two phrases about two of them
 */
record Phrases(List<String> one, List<String> two) {
  /**
   * A clause about two people, and what joins it to the next.
   *
   * @param clause about {@code {A}} and {@code {B}}
   * @param joiner punctuation and a conjunction
   */
  record Opening(String clause, String joiner) {
    /** Tells whether the next clause is a sentence of its own. */
    boolean isSentence() {
      return joiner.equals(".");
    }
  }

  static final List<Opening> OPENINGS =
      List.of(
          new Opening("When {A} and {B} went to the {PLACE}", ","),
          new Opening("When {A} and {B} got a {OBJECT} at the {PLACE}", ","),
          new Opening("Then, {A} and {B} went to the {PLACE}", "."),
          new Opening("After {A} and {B} met at the {PLACE}", ","),
          new Opening("While {A} and {B} were working at the {PLACE}", ","),
          new Opening("The {PLACE} was where {A} and {B} had lunch", ", and later"),
          new Opening("Yesterday {A} and {B} were at the {PLACE}", ", and"),
          new Opening("Friends {A} and {B} found a {OBJECT} at the {PLACE}", ", so"),
          new Opening("{A} and {B} went to the {PLACE}", "."));

  static final List<String> GIVING =
      List.of(
          "gave a {OBJECT} to",
          "decided to give it to",
          "handed a {OBJECT} to",
          "showed a {OBJECT} to",
          "sent a {OBJECT} to",
          "offered a {OBJECT} to",
          "passed it to");

  /** Clauses of their own. */
  static final Phrases CLAUSES =
      new Phrases(
          List.of(
              "{H} was at the {PLACE}",
              "{H} found a {OBJECT}",
              "{H} was working",
              "{H} had lunch",
              "{H} went to the {PLACE}"),
          List.of(
              "{H} and {I} went to the {PLACE}",
              "{H} met {I}",
              "{H} saw {I} at the {PLACE}",
              "{H} and {I} had lunch"));

  /** What may stand before an opening. */
  static final Phrases SAID =
      new Phrases(
          List.of("{H} said that "), List.of("{H} and {I} said that ", "{H} said to {I} that "));

  /** What may stand after the actor's name. */
  static final Phrases AFTER =
      new Phrases(
          List.of(
              ", with {H} watching,",
              " met {H} and",
              " saw {H} and then",
              ", who was a friend of {H},"),
          List.of(" met {H} and {I} and then", ", with {H} and {I} watching,"));

  /** What may stand there without naming anybody. */
  static final List<String> AFTER_ALONE = List.of(" smiled and", " had lunch and later");

  /** Writes a phrase about nobody, one or two people, in either order. */
  String about(List<String> people, RandomGenerator random) {
    return switch (people.size()) {
      case 0 -> "";
      case 1 -> Pick.from(one, random).replace("{H}", people.getFirst());
      default -> {
        int first = random.nextInt(2);
        yield Pick.from(two, random)
            .replace("{H}", people.get(first))
            .replace("{I}", people.get(1 - first));
      }
    };
  }

  /** Puts words in for each {@code {PLACE}} and {@code {OBJECT}}. */
  static String fill(String template, RandomGenerator random) {
    var text = template;
    while (text.contains("{PLACE}")) {
      text = text.replaceFirst("\\{PLACE}", Pick.from(Words.PLACES, random));
    }
    while (text.contains("{OBJECT}")) {
      text = text.replaceFirst("\\{OBJECT}", Pick.from(Words.OBJECTS, random));
    }
    return text;
  }

  /** Writes a clause as it stands within a sentence. */
  static String lower(String clause) {
    return clause.startsWith("{")
        ? clause
        : Character.toLowerCase(clause.charAt(0)) + clause.substring(1);
  }

  /** Lists texts that hold every word of these phrases. */
  static Stream<String> lexicon() {
    var texts = new ArrayList<String>();
    GIVING.forEach(giving -> texts.add(" " + giving));
    texts.addAll(AFTER_ALONE);
    for (var phrases : List.of(CLAUSES, SAID, AFTER)) {
      texts.addAll(phrases.one());
      texts.addAll(phrases.two());
    }
    for (var opening : OPENINGS) {
      texts.add(opening.clause() + opening.joiner());
      texts.add(" " + opening.clause());
      texts.add(" " + lower(opening.clause()));
    }
    return texts.stream();
  }
}
