package dev.loupe.circuit.score;

/** Means and their standard errors of many numbers at once, prompt by prompt (Welford 1962). */
final class Tally {
  private final double[] means;
  private final double[] squares;
  private int n;

  Tally(int size) {
    means = new double[size];
    squares = new double[size];
  }

  /** Adds the numbers of a prompt. */
  void add(double[] values) {
    n++;
    for (int i = 0; i < values.length; i++) {
      double apart = values[i] - means[i];
      means[i] += apart / n;
      squares[i] += apart * (values[i] - means[i]);
    }
  }

  ScoreEstimates estimates() {
    var errors = new double[means.length];
    for (int i = 0; i < errors.length; i++) {
      errors[i] = n == 1 ? Double.NaN : Math.sqrt(squares[i] / (n - 1) / n);
    }
    return new ScoreEstimates(means, errors, n);
  }
}
