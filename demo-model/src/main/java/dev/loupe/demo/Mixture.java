package dev.loupe.demo;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/**
 * Says how often each kind of example is written.
 *
 * <p>The first seven are weights, of which only the proportions matter; the others are
 * probabilities.
 *
 * @param indirectObjects sentences that end on the indirect object
 * @param thirdActors the same with an actor who was not named before: either of two may answer
 * @param syllogisms two premises and a conclusion
 * @param yearSpans spans of years
 * @param repeatedWords random words, written twice
 * @param remarks sincere and sarcastic remarks
 * @param rollCalls who calls, and who calls again
 * @param crowd of the indirect-object sentences, how many name other people too
 * @param fourth of those, how many name two others and not one
 * @param early how many others are named only before the actor
 * @param mixed how many introduce everybody alike and in any order
 * @param crowdFirst for which share of the training all indirect-object sentences name others
 */
public record Mixture(
    double indirectObjects,
    double thirdActors,
    double syllogisms,
    double yearSpans,
    double repeatedWords,
    double remarks,
    double rollCalls,
    double crowd,
    double fourth,
    double early,
    double mixed,
    double crowdFirst) {

  /** Refuses negative weights, weights of 0 only, and probabilities outside 0 to 1. */
  public Mixture {
    double[] weights = {
      indirectObjects, thirdActors, syllogisms, yearSpans, repeatedWords, remarks, rollCalls
    };
    if (DoubleStream.of(weights).anyMatch(w -> !(w >= 0))
        || !(DoubleStream.of(weights).sum() > 0)) {
      throw new IllegalArgumentException(
          "weights "
              + DoubleStream.of(weights).boxed().toList()
              + ": expected 0 or more, not all 0");
    }
    double[] chances = {crowd, fourth, early, mixed, crowdFirst};
    if (DoubleStream.of(chances).anyMatch(p -> !(p >= 0 && p <= 1))) {
      throw new IllegalArgumentException(
          "probabilities " + DoubleStream.of(chances).boxed().toList() + ": expected 0 to 1");
    }
  }

  /** Returns the mixture of the shipped model. */
  public static Mixture standard() {
    return new Mixture(.46, .05, .12, .12, .15, .10, .10, .8, .6, .4, .7, .6);
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
    weights.put("roll calls: \"Mary called, Tom called, Mary called again\"", rollCalls);
    double all = weights.values().stream().mapToDouble(w -> w).sum();
    weights.replaceAll((kind, weight) -> weight / all);
    return weights;
  }

  /** Writes the examples of a training, in their order. */
  final class Writer {
    private final RandomGenerator random;
    private final RepeatedWords repeated;
    private final IndirectObjects sentences;
    private final IndirectObjects crowds;

    Writer(Vocabulary vocabulary, RandomGenerator random) {
      this.random = random;
      repeated = new RepeatedWords(vocabulary.tokens());
      sentences = sentences(crowd);
      crowds = sentences(1);
    }

    /** Writes {@code count} examples of a step that comes after the share {@code done} of all. */
    List<Example> next(int count, double done) {
      boolean crowdOnly = done < crowdFirst;
      return Stream.generate(() -> one(crowdOnly)).limit(count).toList();
    }

    private Example one(boolean crowdOnly) {
      var kinds = new ArrayList<Kind>();
      kinds.add(new Kind(indirectObjects, () -> (crowdOnly ? crowds : sentences).train(random)));
      kinds.add(
          new Kind(
              thirdActors, () -> crowdOnly ? crowds.train(random) : sentences.thirdActor(random)));
      kinds.add(new Kind(syllogisms, () -> Syllogisms.train(random)));
      kinds.add(new Kind(yearSpans, () -> YearSpans.train(random)));
      kinds.add(new Kind(repeatedWords, () -> repeated.train(random)));
      kinds.add(new Kind(remarks, () -> Remarks.train(random)));
      kinds.add(new Kind(rollCalls, () -> RollCalls.train(random)));
      double at = random.nextDouble() * kinds.stream().mapToDouble(Kind::weight).sum();
      int kind = 0;
      while (kind < kinds.size() - 1 && at >= kinds.get(kind).weight()) {
        at -= kinds.get(kind).weight();
        kind++;
      }
      return kinds.get(kind).maker().get();
    }
  }

  /** Returns indirect-object sentences of which {@code share} name other people. */
  IndirectObjects sentences(double share) {
    return new IndirectObjects(new IndirectObjects.Mixture(share, fourth, early, mixed));
  }

  private record Kind(double weight, java.util.function.Supplier<Example> maker) {}
}
