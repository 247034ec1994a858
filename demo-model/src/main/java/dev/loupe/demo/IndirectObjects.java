package dev.loupe.demo;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Sentences that end on the name of an indirect object.
 *
 * <p>Two people are introduced together, one of them acts, and the answer is the other. Most
 * examples also name people who are not the answer: before the two, between them and the actor, and
 * after the actor. So the answer is neither the first nor the last nor the only other name: it is
 * the name that was introduced together with the actor's.
 */
final class IndirectObjects {

  /**
   * A prompt with the parts that experiments ask about.
   *
   * @param io the name that answers
   * @param s the name of the actor, which the prompt holds twice
   */
  record Prompt(String text, String io, String s) {}

  /** How often each kind of other name is written; each a probability. */
  record Mixture(double composed, double second, double early, double mixed) {}

  private record Opening(String clause, String joiner) {}

  private static final List<Opening> OPENINGS =
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

  private static final List<String> VERBS =
      List.of(
          "gave a {OBJECT} to",
          "decided to give it to",
          "handed a {OBJECT} to",
          "showed a {OBJECT} to",
          "sent a {OBJECT} to",
          "offered a {OBJECT} to",
          "passed it to");

  private static final Phrases EARLY =
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

  private static final Phrases SAID =
      new Phrases(
          List.of("{H} said that "), List.of("{H} and {I} said that ", "{H} said to {I} that "));

  private static final Phrases AFTER =
      new Phrases(
          List.of(
              ", with {H} watching,",
              " met {H} and",
              " saw {H} and then",
              ", who was a friend of {H},"),
          List.of(" met {H} and {I} and then", ", with {H} and {I} watching,"));

  private static final List<String> NOBODY = List.of(" smiled and", " had lunch and later");

  private final Mixture mixture;

  IndirectObjects(Mixture mixture) {
    this.mixture = mixture;
  }

  /** Writes a training example, never with a held-out pair. */
  Example train(RandomGenerator random) {
    var prompt = composed(mixture, false, random);
    return Example.of(prompt.text(), " " + prompt.io() + ".");
  }

  /** Writes an example whose actor is a third person: either of the two may be the answer. */
  Example thirdActor(RandomGenerator random) {
    var names = names(false, random);
    var template = Pick.from(Words.TEMPLATES, random).replace("{S}", names.get(2));
    return Example.of(fill(template, names, random), " " + names.get(random.nextInt(2)) + ".");
  }

  /** Writes one of the plain prompts, its pair of names held out of training or not. */
  static Prompt plain(int template, boolean heldOut, RandomGenerator random) {
    var names = names(heldOut, random);
    int s = random.nextInt(2);
    var text = Words.TEMPLATES.get(template % Words.TEMPLATES.size()).replace("{S}", names.get(s));
    return new Prompt(fill(text, names, random), names.get(1 - s), names.get(s));
  }

  /** Writes a prompt with other names in it as often as the mixture says. */
  static Prompt composed(Mixture mixture, boolean heldOut, RandomGenerator random) {
    if (!Pick.chance(mixture.composed(), random)) {
      return plain(random.nextInt(Words.TEMPLATES.size()), heldOut, random);
    }
    var names = names(heldOut, random);
    if (Pick.chance(mixture.mixed(), random)) {
      return mixed(mixture, names, random);
    }
    var slots = new ArrayList<List<String>>();
    for (int i = 0; i < 5; i++) {
      slots.add(new ArrayList<>());
    }
    int others = Pick.chance(mixture.second(), random) ? 2 : 1;
    for (int i = 0; i < others; i++) {
      int range = Pick.chance(mixture.early(), random) ? 3 : 5;
      int first = random.nextInt(range);
      int second = (first + random.nextInt(1, range)) % range;
      slots.get(first).add(names.get(2 + i));
      slots.get(second).add(names.get(2 + i));
    }
    int s = random.nextInt(2);
    var text = new StringBuilder();
    for (int i = 0; i < 2; i++) {
      text.append(phrase(EARLY, slots.get(i), random)).append(slots.get(i).isEmpty() ? "" : ". ");
    }
    var opening = Pick.from(OPENINGS, random);
    var said = phrase(SAID, slots.get(2), random);
    text.append(said).append(said.isEmpty() ? opening.clause() : lower(opening.clause()));
    var between = phrase(EARLY, slots.get(3), random);
    if (between.isEmpty()) {
      text.append(opening.joiner());
    } else {
      boolean sentence = opening.joiner().equals(".");
      text.append(sentence ? ". " : ", ").append(between).append(sentence ? "." : ", and");
    }
    text.append(" {S}");
    if (slots.get(4).isEmpty()) {
      text.append(Pick.chance(.2, random) ? Pick.from(NOBODY, random) : "");
    } else {
      text.append(phrase(AFTER, slots.get(4), random));
    }
    text.append(' ').append(Pick.from(VERBS, random));
    var filled = fill(text.toString().replace("{S}", names.get(s)), names, random);
    return new Prompt(filled, names.get(1 - s), names.get(s));
  }

  /**
   * Writes a prompt in which everybody is introduced alike: only who is named once tells the
   * answer.
   */
  private static Prompt mixed(Mixture mixture, List<String> names, RandomGenerator random) {
    int s = random.nextInt(2);
    var mentions = new ArrayList<>(names.subList(0, 2));
    var after = new ArrayList<String>();
    int others = Pick.chance(mixture.second(), random) ? 2 : 1;
    for (int i = 0; i < others; i++) {
      mentions.add(names.get(2 + i));
      (Pick.chance(mixture.early(), random) ? mentions : after).add(names.get(2 + i));
    }
    do {
      Collections.shuffle(mentions, random);
    } while (mentions.getLast().equals(mentions.get(mentions.size() - 2)));
    var text = new StringBuilder();
    int at = 0;
    while (at < mentions.size() - 2) {
      boolean two =
          at < mentions.size() - 3
              && !mentions.get(at).equals(mentions.get(at + 1))
              && random.nextBoolean();
      text.append(phrase(EARLY, mentions.subList(at, at + (two ? 2 : 1)), random)).append(". ");
      at += two ? 2 : 1;
    }
    var opening = Pick.from(OPENINGS, random);
    text.append(
            opening.clause().replace("{A}", mentions.get(at)).replace("{B}", mentions.get(at + 1)))
        .append(opening.joiner());
    text.append(" {S}")
        .append(phrase(AFTER, after, random))
        .append(' ')
        .append(Pick.from(VERBS, random));
    var filled = fill(text.toString().replace("{S}", names.get(s)), names, random);
    return new Prompt(filled, names.get(1 - s), names.get(s));
  }

  /** Phrases for one person, and for two. */
  private record Phrases(List<String> one, List<String> two) {}

  private static String phrase(Phrases phrases, List<String> people, RandomGenerator random) {
    return switch (people.size()) {
      case 0 -> "";
      case 1 -> Pick.from(phrases.one(), random).replace("{H}", people.get(0));
      default -> {
        int first = random.nextInt(2);
        yield Pick.from(phrases.two(), random)
            .replace("{H}", people.get(first))
            .replace("{I}", people.get(1 - first));
      }
    };
  }

  /** Lists texts that hold every word these examples are made of. */
  static Stream<String> lexicon() {
    var texts = new ArrayList<String>();
    Stream.of(Words.TEMPLATES, VERBS.stream().map(v -> " " + v).toList(), NOBODY)
        .forEach(texts::addAll);
    Stream.of(EARLY, SAID, AFTER)
        .flatMap(p -> Stream.concat(p.one().stream(), p.two().stream()))
        .forEach(texts::add);
    OPENINGS.forEach(o -> {
      texts.add(o.clause() + o.joiner());
      texts.add(" " + o.clause());
      texts.add(" " + lower(o.clause()));
    });
    Words.NAMES.forEach(n -> texts.add(n + " " + n));
    Words.PLACES.forEach(n -> texts.add(" " + n));
    Words.OBJECTS.forEach(n -> texts.add(" " + n));
    return texts.stream();
  }

  private static String lower(String clause) {
    return clause.startsWith("{")
        ? clause
        : Character.toLowerCase(clause.charAt(0)) + clause.substring(1);
  }

  private static String fill(String template, List<String> names, RandomGenerator random) {
    var text = template;
    for (int i = 0; i < SLOTS.size(); i++) {
      text = text.replace(SLOTS.get(i), names.get(i));
    }
    while (text.contains("{PLACE}")) {
      text = text.replaceFirst("\\{PLACE}", Pick.from(Words.PLACES, random));
    }
    while (text.contains("{OBJECT}")) {
      text = text.replaceFirst("\\{OBJECT}", Pick.from(Words.OBJECTS, random));
    }
    return text;
  }

  private static final List<String> SLOTS =
      List.of("{A}", "{B}", "{C}", "{D}", "{E}", "{F}", "{G}", "{H}", "{I}");

  /**
   * Draws different names for all slots; the first two are held out as asked, the other pairs never
   * are.
   */
  private static List<String> names(boolean heldOut, RandomGenerator random) {
    while (true) {
      Set<String> drawn = new LinkedHashSet<>();
      while (drawn.size() < SLOTS.size()) {
        drawn.add(Pick.from(Words.NAMES, random));
      }
      var names = List.copyOf(drawn);
      if (HeldOut.pair(names.get(0), names.get(1)) == heldOut && othersTrained(names)) {
        return names;
      }
    }
  }

  private static boolean othersTrained(List<String> names) {
    return IntStream.range(2, 4)
        .allMatch(
            i -> IntStream.range(0, i).noneMatch(j -> HeldOut.pair(names.get(i), names.get(j))));
  }
}
