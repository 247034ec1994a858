package dev.loupe.circuit.graph;

import dev.loupe.circuit.Circuit;
import dev.loupe.circuit.CircuitComparison;
import java.util.Map;

/**
 * How a circuit compares with a reference, such as an earlier or a published one.
 *
 * @param both edges of both
 * @param onlyHere edges that the reference lacks
 * @param onlyThere edges of the reference alone
 * @param nodes how their nodes compare, the logits aside
 */
public record GraphComparison(
    EdgeSet both, EdgeSet onlyHere, EdgeSet onlyThere, CircuitComparison nodes) {
  /**
   * Compares two circuits by their edges, and by the nodes that these begin and end at.
   *
   * @throws IllegalArgumentException if they are of models of different shapes
   */
  public static GraphComparison of(EdgeSet here, EdgeSet there) {
    return of(here, here.nodes(), there, there.nodes());
  }

  /**
   * Compares two circuits by the edges and the nodes that their files name.
   *
   * @throws IllegalArgumentException if they are of models of different shapes
   */
  public static GraphComparison of(ScoredGraph here, ScoredGraph there) {
    return of(here.edges(), here.nodes(), there.edges(), there.nodes());
  }

  private static GraphComparison of(EdgeSet here, Circuit mine, EdgeSet there, Circuit theirs) {
    here.shape().requireSame(there.shape());
    var onlyHere = here.without(there);
    return new GraphComparison(
        here.without(onlyHere),
        onlyHere,
        there.without(here),
        CircuitComparison.of(mine.nodes(), theirs.nodes(), Map.of()));
  }

  /** Returns the share of the edges of either that are in both; NaN of two without edges. */
  public double jaccard() {
    return share(both.size() + onlyHere.size() + onlyThere.size());
  }

  /** Returns the share of the edges here that the reference has; NaN without edges. */
  public double precision() {
    return share(both.size() + onlyHere.size());
  }

  /** Returns the share of the reference's edges that are here; NaN without edges. */
  public double recall() {
    return share(both.size() + onlyThere.size());
  }

  private double share(int of) {
    return of == 0 ? Double.NaN : (double) both.size() / of;
  }
}
