package dev.loupe.circuit.run;

/**
 * What numbers of circuits are measured by.
 *
 * @param ablating how what is outside is ablated
 * @param metric what is measured
 * @param pairs of how many prompts
 */
public record Measured(Ablating ablating, String metric, int pairs) {
  /** Returns {@code logit difference; edge level, counterfactual, all positions; 100 prompts}. */
  @Override
  public String toString() {
    return metric + "; " + ablating + "; " + pairs + (pairs == 1 ? " prompt" : " prompts");
  }
}
