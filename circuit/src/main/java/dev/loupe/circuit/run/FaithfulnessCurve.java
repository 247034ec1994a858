package dev.loupe.circuit.run;

import dev.loupe.lens.Estimate;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The faithfulness of circuits of growing size, and what MIB (Mueller et al. 2025) makes of it: the
 * area under it, CPR, which is high where a circuit performs, and the area between it and 1, CMD,
 * which is low where a circuit does as the model. Both by the trapezoid rule over the share of
 * edges, linear, from the least of the shares to the largest.
 *
 * @param points by size
 * @param cpr the area under the faithfulness
 * @param cmd the area under |1 - faithfulness|
 * @param measured by what
 */
public record FaithfulnessCurve(List<Point> points, Estimate cpr, Estimate cmd, Measured measured) {
  /** The shares of edges of MIB. */
  public static final List<Double> SHARES =
      List.of(.001, .002, .005, .01, .02, .05, .1, .2, .5, 1.);

  /** Copies the list. */
  public FaithfulnessCurve {
    points = List.copyOf(points);
  }

  /**
   * A circuit.
   *
   * @param of all edges of the model, the share that was asked for
   * @param faithfulness of the circuit
   */
  public record Point(double of, Faithfulness faithfulness) {}

  /** Returns how many edges of a model a share is: rounded down, at least 1. */
  public static int edges(double share, int all) {
    if (!(share > 0 && share <= 1)) {
      throw new IllegalArgumentException(
          "share " + share + " of the edges: expected above 0, at most 1");
    }
    // A share such as .29 of 100 must not fall below 29 by its last bit.
    return Math.max(1, (int) Math.floor(share * all + 1e-9));
  }

  /** Returns the area under the straight lines between points. */
  static double area(double[] x, double[] y) {
    return IntStream.range(1, x.length)
        .mapToDouble(i -> (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2)
        .sum();
  }

  /**
   * Makes a curve.
   *
   * @param metrics of each circuit and prompt
   */
  static FaithfulnessCurve of(
      List<Point> points, Recovered recovered, double[][] metrics, Measured measured) {
    double[] x = points.stream().mapToDouble(Point::of).toArray();
    var shares = new double[x.length];
    var gaps = new double[x.length];
    var influences = new double[x.length][];
    for (int i = 0; i < x.length; i++) {
      shares[i] = recovered.share(metrics[i]);
      gaps[i] = Math.abs(1 - shares[i]);
      influences[i] = recovered.influences(metrics[i]);
    }
    int prompts = metrics[0].length;
    var onCpr = new double[prompts];
    var onCmd = new double[prompts];
    for (int prompt = 0; prompt < prompts; prompt++) {
      var of = new double[x.length];
      var signed = new double[x.length];
      for (int i = 0; i < x.length; i++) {
        of[i] = influences[i][prompt];
        signed[i] = of[i] * Math.signum(shares[i] - 1);
      }
      onCpr[prompt] = area(x, of);
      onCmd[prompt] = area(x, signed);
    }
    return new FaithfulnessCurve(
        points,
        Recovered.estimate(area(x, shares), onCpr),
        Recovered.estimate(area(x, gaps), onCmd),
        measured);
  }

  /** Returns CPR and CMD with all that they depend on. */
  @Override
  public String toString() {
    return "CPR " + cpr + ", CMD " + cmd + " of " + points.size() + " sizes (" + measured + ")";
  }
}
