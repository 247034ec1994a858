package dev.loupe.demo;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * Says how often each kind of example is written.
 *
 * <p>The first six are weights, of which only the proportions matter; the others probabilities.
 *
 * @param indirectObjects sentences that end on the indirect object
 * @param thirdActors the same with an actor who was not named before: either of two may answer
 * @param syllogisms two premises and a conclusion
 * @param yearSpans spans of years
 * @param repeatedWords random words, written twice
 * @param remarks sincere and sarcastic remarks
 * @param crowd of the indirect-object sentences, how many name people who are not asked about
 * @param fourth of those, how many name two others and not one
 * @param early how many of the others are named only before the two
 * @param crowdFirst for which share of the training all indirect-object sentences name others
 */
public record Mixture(
    double indirectObjects,
    double thirdActors,
    double syllogisms,
    double yearSpans,
    double repeatedWords,
    double remarks,
    double crowd,
    double fourth,
    double early,
    double crowdFirst) {

  /** Refuses negative weights, weights of 0 only, and what is no probability. */
  public Mixture {
    var weights =
        List.of(indirectObjects, thirdActors, syllogisms, yearSpans, repeatedWords, remarks);
    if (weights.stream().anyMatch(w -> !(w >= 0)) || weights.stream().allMatch(w -> w == 0)) {
      throw new IllegalArgumentException("weights " + weights + ": expected 0 or more, not all 0");
    }
    for (double chance : List.of(crowd, fourth, early, crowdFirst)) {
      if (!(chance >= 0 && chance <= 1)) {
        throw new IllegalArgumentException("probability " + chance + ": expected 0 to 1");
      }
    }
  }

  /** Returns that of the shipped model. */
  public static Mixture standard() {
    return new Mixture(.55, .03, .07, .08, .18, .05, .8, .6, .4, .6);
  }

  /** Returns the share of each kind of example, described. */
  Map<String, Double> shares() {
    var weights = new LinkedHashMap<String, Double>();
    weights.put("indirect objects", indirectObjects);
    weights.put("the same with a third actor, so that either of two may answer", thirdActors);
    weights.put("syllogisms", syllogisms);
    weights.put("spans of years", yearSpans);
    weights.put("random words, written twice", repeatedWords);
    weights.put("sincere and sarcastic remarks", remarks);
    double all = weights.values().stream().mapToDouble(w -> w).sum();
    weights.replaceAll((kind, weight) -> weight / all);
    return weights;
  }

  /** Writes the examples of a training, in their order. */
  final class Writer {
    private final RandomGenerator random;
    private final RepeatedWords repeated;
    private final IndirectObjects mixed;
    private final IndirectObjects crowds;

    Writer(Vocabulary vocabulary, RandomGenerator random) {
      this.random = random;
      repeated = new RepeatedWords(vocabulary.tokens());
      mixed = new IndirectObjects(crowd, fourth, early);
      crowds = new IndirectObjects(1, fourth, early);
    }

    /** Writes {@code count} examples of a step that comes after the share {@code done} of all. */
    List<Example> next(int count, double done) {
      boolean crowdOnly = done < crowdFirst;
      return Stream.generate(() -> one(crowdOnly)).limit(count).toList();
    }

    private Example one(boolean crowdOnly) {
      var kinds = new ArrayList<Kind>();
      kinds.add(new Kind(indirectObjects, () -> (crowdOnly ? crowds : mixed).train(random)));
      kinds.add(
          new Kind(thirdActors, () -> crowdOnly ? crowds.train(random) : mixed.thirdActor(random)));
      kinds.add(new Kind(syllogisms, () -> Syllogisms.train(random)));
      kinds.add(new Kind(yearSpans, () -> YearSpans.train(random)));
      kinds.add(new Kind(repeatedWords, () -> repeated.train(random)));
      kinds.add(new Kind(remarks, () -> Remarks.train(random)));
      double at = random.nextDouble() * kinds.stream().mapToDouble(Kind::weight).sum();
      int kind = 0;
      while (kind < kinds.size() - 1 && at >= kinds.get(kind).weight()) {
        at -= kinds.get(kind).weight();
        kind++;
      }
      return kinds.get(kind).maker().get();
    }
  }

  private record Kind(double weight, Supplier<Example> maker) {}
}
