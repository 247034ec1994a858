package dev.loupe.study.verify;

import dev.loupe.lens.Estimate;
import dev.loupe.study.verify.Verdict.Compared;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Sets what was computed beside what is published. */
final class Comparing {
  private Comparing() {}

  /**
   * Compares.
   *
   * @throws IllegalArgumentException if the computation gave other values than are published
   */
  static Verdict of(Published published, Map<String, Estimate> computed, Comparison how) {
    return Verdict.of(
        switch (published) {
          case Published.Numbers numbers -> numbers(numbers, computed, how);
          case Published.Heads heads -> ranks(heads, computed, (Comparison.Ranks) how);
        });
  }

  private static List<Compared> numbers(
      Published.Numbers published, Map<String, Estimate> computed, Comparison how) {
    if (published.whole() && !published.values().keySet().equals(computed.keySet())) {
      // Another number of tokens is a finding, not an accident.
      return List.of(count(published.values().size(), computed.size()));
    }
    var compared = new ArrayList<Compared>();
    published
        .values()
        .forEach(
            (label, value) -> compared.add(compare(label, value, value(computed, label), how)));
    return compared;
  }

  private static Compared count(int published, int computed) {
    return new Compared("number of values", published, computed, computed - published, 0, false);
  }

  private static Estimate value(Map<String, Estimate> computed, String label) {
    var found = computed.get(label);
    if (found == null) {
      throw new IllegalArgumentException(
          "no %s here; there are %s"
              .formatted(
                  label, computed.keySet().stream().limit(8).collect(Collectors.joining(", "))));
    }
    return found;
  }

  private static Compared compare(
      String label, double published, Estimate computed, Comparison how) {
    double difference = computed.mean() - published;
    double tolerance =
        switch (how) {
          case Comparison.Within within -> within.difference();
          case Comparison.Sampling sampling -> sampling(sampling, computed);
          case Comparison.Sides sides -> sides.margin();
          case Comparison.AtLeast _ -> 0;
          case Comparison.Ranks _ ->
              throw new IllegalArgumentException("ranks of numbers: expected heads");
        };
    boolean holds =
        switch (how) {
          case Comparison.AtLeast _ -> difference >= 0;
          case Comparison.Sides sides ->
              Math.abs(difference) <= tolerance
                  || (Double.isFinite(difference)
                      && isAbove(sides, computed.mean()) == isAbove(sides, published));
          default -> Math.abs(difference) <= tolerance;
        };
    return new Compared(label, published, computed.mean(), difference, tolerance, holds);
  }

  private static boolean isAbove(Comparison.Sides sides, double score) {
    return score >= sides.threshold();
  }

  /** The published mean is over as many prompts as it says, of a spread taken for ours. */
  private static double sampling(Comparison.Sampling sampling, Estimate computed) {
    double variance = computed.standardError() * computed.standardError() * computed.n();
    return sampling.errors() * Math.sqrt(variance / sampling.prompts() + variance / computed.n());
  }

  private static List<Compared> ranks(
      Published.Heads published, Map<String, Estimate> computed, Comparison.Ranks how) {
    var byMean = Comparator.comparingDouble((Map.Entry<String, Estimate> e) -> e.getValue().mean());
    var ranked =
        computed.entrySet().stream()
            .sorted(how.end() == Comparison.End.LOWEST ? byMean : byMean.reversed())
            .map(Map.Entry::getKey)
            .toList();
    return published.heads().stream()
        .map(head -> {
          var _ = value(computed, head.toString());
          int rank = ranked.indexOf(head.toString()) + 1;
          int late = Math.max(0, rank - how.within());
          return new Compared(head.toString(), how.within(), rank, late, 0, late == 0);
        })
        .toList();
  }
}
