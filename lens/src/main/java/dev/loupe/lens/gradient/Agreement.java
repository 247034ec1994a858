package dev.loupe.lens.gradient;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * How well estimates of patches agree with what the patches do.
 *
 * @param of which cells: a site, a layer, or all
 * @param cells how many
 * @param pearson the correlation of the values; NaN where either side is the same everywhere
 * @param spearman the correlation of their ranks
 * @param slope of the straight line through the points (exact, estimated) by least squares; 1 where
 *     estimates are right, below where they are too small
 */
public record Agreement(String of, int cells, double pearson, double spearman, double slope) {
  /** Compares values that belong together. */
  public static Agreement of(String what, double[] exact, double[] estimated) {
    double spread = covariance(exact, exact);
    return new Agreement(
        what,
        exact.length,
        correlation(exact, estimated),
        correlation(ranks(exact), ranks(estimated)),
        spread > 0 ? covariance(exact, estimated) / spread : Double.NaN);
  }

  private static double correlation(double[] a, double[] b) {
    double both = Math.sqrt(covariance(a, a)) * Math.sqrt(covariance(b, b));
    return both > 0 ? Math.clamp(covariance(a, b) / both, -1, 1) : Double.NaN;
  }

  private static double covariance(double[] a, double[] b) {
    double meanA = Arrays.stream(a).average().orElse(0);
    double meanB = Arrays.stream(b).average().orElse(0);
    return IntStream.range(0, a.length).mapToDouble(i -> (a[i] - meanA) * (b[i] - meanB)).sum();
  }

  /** Returns the rank of each value; equal ones share the mean of theirs. */
  private static double[] ranks(double[] values) {
    int[] order =
        IntStream.range(0, values.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> values[i]))
            .mapToInt(Integer::intValue)
            .toArray();
    var ranks = new double[values.length];
    for (int from = 0; from < order.length; ) {
      int to = from + 1;
      while (to < order.length && values[order[to]] == values[order[from]]) {
        to++;
      }
      for (int i = from; i < to; i++) {
        ranks[order[i]] = (from + to - 1) / 2.0;
      }
      from = to;
    }
    return ranks;
  }
}
