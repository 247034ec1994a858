package dev.loupe.circuit.graph;

import dev.loupe.lens.gradient.Agreement;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Whether two scores put things in the same order.
 *
 * @param n how many things
 * @param spearman the correlation of their ranks, equal ones sharing the mean of theirs; NaN where
 *     either score is the same everywhere
 * @param kendall tau-b: the pairs that both put in the same order less those in opposite order, as
 *     a share of the pairs that are not tied; NaN as the other
 */
public record RankCorrelation(int n, double spearman, double kendall) {
  /**
   * Compares the scores of things that belong together.
   *
   * @throws IllegalArgumentException if there are not as many of both, or one is not a number
   */
  public static RankCorrelation of(double[] a, double[] b) {
    if (a.length != b.length) {
      throw new IllegalArgumentException(
          a.length + " scores beside " + b.length + ": expected as many of both");
    }
    if (IntStream.range(0, a.length).anyMatch(i -> Double.isNaN(a[i] + b[i]))) {
      throw new IllegalArgumentException("a score is NaN: expected a number");
    }
    return new RankCorrelation(
        a.length,
        Agreement.of("scores", a, b).spearman(),
        kendall(Ranking.SIGNED.of(a), Ranking.SIGNED.of(b)));
  }

  /**
   * Compares two scores of all edges.
   *
   * @throws IllegalArgumentException if they are of different shapes
   */
  public static RankCorrelation of(EdgeScores a, EdgeScores b, Ranking ranking) {
    a.shape().requireSame(b.shape());
    return of(ranking.of(a.values()), ranking.of(b.values()));
  }

  /**
   * Compares two scores of all nodes.
   *
   * @throws IllegalArgumentException if they are of different shapes
   */
  public static RankCorrelation of(NodeScores a, NodeScores b, Ranking ranking) {
    a.shape().requireSame(b.shape());
    return of(ranking.of(a.values()), ranking.of(b.values()));
  }

  // Knight (1966): sorted by a, the pairs that b has the other way round are the swaps that sorting
  // by b takes, which a merge sort counts in n log n.
  private static double kendall(double[] a, double[] b) {
    int[] order =
        IntStream.range(0, a.length)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer i) -> a[i]).thenComparingDouble(i -> b[i]))
            .mapToInt(Integer::intValue)
            .toArray();
    double[] first = Arrays.stream(order).mapToDouble(i -> a[i]).toArray();
    double[] second = Arrays.stream(order).mapToDouble(i -> b[i]).toArray();
    long tiedInBoth = 0;
    for (int from = 0; from < first.length; ) {
      int to = from + 1;
      while (to < first.length && first[to] == first[from] && second[to] == second[from]) {
        to++;
      }
      tiedInBoth += pairs(to - from);
      from = to;
    }
    long all = pairs(a.length);
    long tiedInA = ties(first);
    long swaps = sort(second, new double[second.length], 0, second.length);
    long tiedInB = ties(second);
    double agreeing = all - tiedInA - tiedInB + tiedInBoth - 2.0 * swaps;
    double untied = Math.sqrt((double) (all - tiedInA)) * Math.sqrt((double) (all - tiedInB));
    return untied > 0 ? Math.clamp(agreeing / untied, -1, 1) : Double.NaN;
  }

  private static long pairs(int n) {
    return (long) n * (n - 1) / 2;
  }

  private static long ties(double[] sorted) {
    long ties = 0;
    for (int from = 0; from < sorted.length; ) {
      int to = from + 1;
      while (to < sorted.length && sorted[to] == sorted[from]) {
        to++;
      }
      ties += pairs(to - from);
      from = to;
    }
    return ties;
  }

  /** Sorts a part of the values and returns by how many swaps of neighbours. */
  private static long sort(double[] values, double[] spare, int from, int to) {
    if (to - from < 2) {
      return 0;
    }
    int middle = (from + to) >>> 1;
    long swaps = sort(values, spare, from, middle) + sort(values, spare, middle, to);
    int left = from;
    int right = middle;
    for (int i = from; i < to; i++) {
      if (right == to || (left < middle && values[left] <= values[right])) {
        spare[i] = values[left++];
      } else {
        swaps += middle - left;
        spare[i] = values[right++];
      }
    }
    System.arraycopy(spare, from, values, from, to - from);
    return swaps;
  }
}
