package dev.loupe.circuit.score;

import dev.loupe.lens.Estimate;

/** Scores, by the numbers of edges or sources, as means over prompts and how sure they are. */
public final class ScoreEstimates {
  private final double[] means;
  private final double[] errors;
  private final int prompts;

  ScoreEstimates(double[] means, double[] errors, int prompts) {
    this.means = means;
    this.errors = errors;
    this.prompts = prompts;
  }

  /** Returns how many scores there are. */
  public int size() {
    return means.length;
  }

  /** Returns how many prompts the means are over. */
  public int prompts() {
    return prompts;
  }

  /** Returns one by its number. */
  public Estimate get(int number) {
    return new Estimate(means[number], errors[number], prompts);
  }

  /** Returns the means. */
  public double[] means() {
    return means.clone();
  }

  /** Returns the standard errors of the means; NaN for a single prompt. */
  public double[] standardErrors() {
    return errors.clone();
  }

  @Override
  public String toString() {
    return means.length + " scores, means over " + prompts + " prompts";
  }
}
