package dev.loupe.lens.heads;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What patching each head did.
 *
 * @param clean the metric of the clean prompts
 * @param corrupted the metric of the corrupted prompts
 * @param accuracy the share of clean prompts whose metric is above 0
 * @param topAccuracy the share of clean prompts whose likeliest token is the answer
 * @param recoveries by layer and head, (patched - corrupted) / (clean - corrupted): 0 where the
 *     patch changes nothing, 1 where it brings all of the behaviour back
 */
public record HeadEffects(
    Estimate clean,
    Estimate corrupted,
    double accuracy,
    double topAccuracy,
    List<List<Estimate>> recoveries) {

  /** Copies the lists. */
  public HeadEffects {
    recoveries = recoveries.stream().map(List::copyOf).toList();
  }

  /**
   * A head and its recovery.
   *
   * @param head the head
   * @param recovery its recovery
   */
  public record Ranked(Head head, Estimate recovery) {}

  /**
   * Returns whether clean prompts have less of the metric than corrupted ones. The model then does
   * the opposite of the behaviour, and recoveries are shares of the way to that opposite.
   */
  public boolean isReversed() {
    return clean.mean() < corrupted.mean();
  }

  /** Returns the recovery of a head. */
  public Estimate recovery(Head head) {
    return recoveries.get(head.layer()).get(head.index());
  }

  /** Returns all heads, the largest recovery in magnitude first. */
  public List<Ranked> ranked() {
    var all = new ArrayList<Ranked>();
    for (int layer = 0; layer < recoveries.size(); layer++) {
      for (int head = 0; head < recoveries.get(layer).size(); head++) {
        all.add(new Ranked(new Head(layer, head), recoveries.get(layer).get(head)));
      }
    }
    all.sort(Comparator.comparingDouble(r -> -Math.abs(r.recovery().mean())));
    return all;
  }

  /** Returns the mean recoveries by layer and head. */
  public double[][] matrix() {
    return recoveries.stream()
        .map(row -> row.stream().mapToDouble(Estimate::mean).toArray())
        .toArray(double[][]::new);
  }

  /**
   * Makes effects of the metric of every prompt.
   *
   * @param topAccuracy the share of clean prompts whose likeliest token is the answer
   * @throws IllegalStateException if clean and corrupted prompts do not differ in the metric, or it
   *     is NaN or infinite somewhere
   */
  static HeadEffects of(
      double[] clean, double[] corrupted, double topAccuracy, double[][][] patched) {
    requireFinite("clean", clean);
    requireFinite("corrupted", corrupted);
    for (int layer = 0; layer < patched.length; layer++) {
      for (int head = 0; head < patched[layer].length; head++) {
        requireFinite("patched " + new Head(layer, head), patched[layer][head]);
      }
    }
    var cleanMean = Estimate.of(clean);
    var corruptedMean = Estimate.of(corrupted);
    double gap = cleanMean.mean() - corruptedMean.mean();
    if (!(Math.abs(gap) > 1e-6)) {
      throw new IllegalStateException(
          "the clean logit difference "
              + cleanMean
              + " equals the corrupted "
              + corruptedMean
              + ": there is nothing to recover; this model does not tell the two apart");
    }
    var recoveries = new ArrayList<List<Estimate>>();
    for (var layer : patched) {
      var row = new ArrayList<Estimate>();
      for (var prompts : layer) {
        // Over the mean gap: one prompt's own gap may be near zero.
        double[] effect =
            IntStream.range(0, prompts.length)
                .mapToDouble(i -> (prompts[i] - corrupted[i]) / gap)
                .toArray();
        row.add(Estimate.of(effect));
      }
      recoveries.add(row);
    }
    double right = IntStream.range(0, clean.length).filter(i -> clean[i] > 0).count();
    return new HeadEffects(cleanMean, corruptedMean, right / clean.length, topAccuracy, recoveries);
  }

  private static void requireFinite(String what, double[] metric) {
    for (int row = 0; row < metric.length; row++) {
      if (!Double.isFinite(metric[row])) {
        throw new IllegalStateException(
            "the "
                + what
                + " logit difference of prompt "
                + row
                + " is "
                + metric[row]
                + ": the model overflows; compute in a wider type or check its weights");
      }
    }
  }
}
