package dev.loupe.demo;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Sentences that end on the name of an indirect object.
 *
 * <p>Two people are introduced together, one of them acts, and the answer is the other. Most
 * sentences name other people too: before the two, between them and the actor, and after the actor.
 * So no name is told by its distance from the end, nor by how many names there are.
 */
final class IndirectObjects {
  private static final int PEOPLE = 4;

  // Where the other people of a crowd may be named, in the order of the text.
  private static final int FIRST_SENTENCE = 0;
  private static final int SECOND_SENTENCE = 1;
  private static final int SPEAKER = 2;
  private static final int BETWEEN = 3;
  private static final int AFTER_ACTOR = 4;
  private static final int SLOTS = 5;

  private final double crowd;
  private final double fourth;
  private final double early;

  /**
   * Says how often sentences are of a kind.
   *
   * @param crowd that people are named who are not asked about
   * @param fourth that these are two and not one
   * @param early that one of them is named only before the two
   */
  IndirectObjects(double crowd, double fourth, double early) {
    this.crowd = crowd;
    this.fourth = fourth;
    this.early = early;
  }

  /** Writes a sentence with its answer, and with no pair of names that is held out. */
  Example train(RandomGenerator random) {
    var names = names(random);
    return Pick.chance(crowd, random) ? crowd(names, random) : plain(names, random);
  }

  /** Writes a sentence whose actor is a third person: either of the two may be the answer. */
  Example thirdActor(RandomGenerator random) {
    var names = names(random);
    var text = pair(Pick.from(Words.TEMPLATES, random), names).replace("{S}", names.get(2));
    return Example.of(Phrases.fill(text, random), " " + names.get(random.nextInt(2)) + ".");
  }

  private static Example plain(List<String> names, RandomGenerator random) {
    int s = random.nextInt(2);
    var text = pair(Pick.from(Words.TEMPLATES, random), names).replace("{S}", names.get(s));
    return answered(text, names.get(1 - s), random);
  }

  /** Writes a sentence in which each other person is named twice. */
  private Example crowd(List<String> names, RandomGenerator random) {
    var slots = Stream.generate(ArrayList<String>::new).limit(SLOTS).toList();
    int others = Pick.chance(fourth, random) ? 2 : 1;
    for (var other : names.subList(2, 2 + others)) {
      int range = Pick.chance(early, random) ? BETWEEN : SLOTS;
      int first = random.nextInt(range);
      int second = (first + random.nextInt(1, range)) % range;
      slots.get(first).add(other);
      slots.get(second).add(other);
    }
    int s = random.nextInt(2);
    return answered(crowd(slots, names, names.get(s), random), names.get(1 - s), random);
  }

  private static String crowd(
      List<? extends List<String>> slots,
      List<String> names,
      String actor,
      RandomGenerator random) {
    var text = new StringBuilder();
    for (int slot : new int[] {FIRST_SENTENCE, SECOND_SENTENCE}) {
      var people = slots.get(slot);
      text.append(Phrases.CLAUSES.about(people, random)).append(people.isEmpty() ? "" : ". ");
    }
    var opening = Pick.from(Phrases.OPENINGS, random);
    var said = Phrases.SAID.about(slots.get(SPEAKER), random);
    var clause = said.isEmpty() ? opening.clause() : Phrases.lower(opening.clause());
    text.append(said).append(pair(clause, names));
    var between = Phrases.CLAUSES.about(slots.get(BETWEEN), random);
    if (between.isEmpty()) {
      text.append(opening.joiner());
    } else {
      text.append(opening.isSentence() ? ". " : ", ")
          .append(between)
          .append(opening.isSentence() ? "." : ", and");
    }
    var after = slots.get(AFTER_ACTOR);
    text.append(' ').append(actor).append(Phrases.AFTER.about(after, random));
    if (after.isEmpty() && Pick.chance(.2, random)) {
      text.append(Pick.from(Phrases.AFTER_ALONE, random));
    }
    return text.append(' ').append(Pick.from(Phrases.GIVING, random)).toString();
  }

  private static Example answered(String text, String answer, RandomGenerator random) {
    return Example.of(Phrases.fill(text, random), " " + answer + ".");
  }

  /** Puts the first two names in for {@code {A}} and {@code {B}}. */
  private static String pair(String clause, List<String> names) {
    return clause.replace("{A}", names.get(0)).replace("{B}", names.get(1));
  }

  /** Draws different names, no two of them held out as a pair. */
  private static List<String> names(RandomGenerator random) {
    while (true) {
      var drawn = new LinkedHashSet<String>();
      while (drawn.size() < PEOPLE) {
        drawn.add(Pick.from(Words.NAMES, random));
      }
      var names = List.copyOf(drawn);
      boolean heldOut =
          IntStream.range(0, PEOPLE)
              .anyMatch(
                  i -> names.subList(0, i).stream().anyMatch(n -> HeldOut.pair(n, names.get(i))));
      if (!heldOut) {
        return names;
      }
    }
  }

  /** Lists texts that hold every word these examples are made of. */
  static Stream<String> lexicon() {
    return Stream.of(
            Words.TEMPLATES.stream(),
            Phrases.lexicon(),
            Words.NAMES.stream().map(name -> name + " " + name),
            Words.PLACES.stream().map(place -> " " + place),
            Words.OBJECTS.stream().map(object -> " " + object))
        .flatMap(texts -> texts);
  }
}
