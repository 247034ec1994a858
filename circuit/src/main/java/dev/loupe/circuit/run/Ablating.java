package dev.loupe.circuit.run;

/**
 * How what is outside a circuit is ablated, at all positions. Numbers of a circuit mean nothing
 * without it.
 *
 * @param granularity what is ablated
 * @param corruption what stands in its place
 */
public record Ablating(Granularity granularity, Corruption corruption) {
  /** Returns that of MIB: edges, by the counterfactual prompt. */
  public static Ablating standard() {
    return new Ablating(Granularity.EDGE, Corruption.COUNTERFACTUAL);
  }

  /** Returns {@code edge level, counterfactual, all positions}. */
  @Override
  public String toString() {
    return granularity + " level, " + corruption + ", all positions";
  }
}
