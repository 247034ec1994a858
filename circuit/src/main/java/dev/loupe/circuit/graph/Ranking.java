package dev.loupe.circuit.graph;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;
import java.util.stream.IntStream;

/** What makes a score a high one. */
public enum Ranking {
  /** Its magnitude: what matters, whether it helps or hurts. */
  ABSOLUTE,
  /** Itself: what helps. */
  SIGNED;

  /**
   * Reads {@code absolute} or {@code signed}: the reverse of {@code toString}.
   *
   * @throws IllegalArgumentException if the text is none
   */
  @JsonCreator
  public static Ranking parse(String text) {
    return Arrays.stream(values())
        .filter(ranking -> ranking.toString().equals(text.strip()))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException("ranking \"" + text + "\": expected absolute or signed"));
  }

  /** Returns what a score is ranked by. */
  public double of(double score) {
    // A zero has no sign, or equal scores would be ranked by theirs.
    return this == ABSOLUTE ? Math.abs(score) : score + 0.0;
  }

  /** Returns what scores are ranked by. */
  public double[] of(double[] scores) {
    return Arrays.stream(scores).map(this::of).toArray();
  }

  /** Returns the places of scores, the best first; of equal ones the one that comes first. */
  int[] order(double[] scores) {
    double[] ranked = of(scores);
    return IntStream.range(0, ranked.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> -ranked[i]))
        .mapToInt(Integer::intValue)
        .toArray();
  }

  @Override
  @JsonValue
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
