package dev.loupe.circuit.run;

import dev.loupe.lens.Estimate;

/**
 * How much of the behaviour a circuit has.
 *
 * @param edges how many are left of the model
 * @param circuit the metric of the circuit
 * @param full the metric of the whole model
 * @param empty the metric where all is ablated
 * @param share (m(circuit) - m(empty)) / (m(full) - m(empty)), of the means over prompts; its
 *     standard error by the delta method
 * @param measured by what
 */
public record Faithfulness(
    int edges, Estimate circuit, Estimate full, Estimate empty, Estimate share, Measured measured) {
  /** Returns the share with all that it depends on. */
  @Override
  public String toString() {
    return "faithfulness " + share + " of " + edges + " edges (" + measured + ")";
  }
}
