package dev.loupe.circuit;

import java.util.ArrayList;
import java.util.List;

/**
 * The greedy filling of a write budget: candidates are taken in their order, each once, as long as
 * they fit; one that does not is passed over, and later ones that cost less may still be taken.
 *
 * @param costs what nodes write
 * @param budget what they may write together
 * @param steps what was taken, in order
 * @param passedOver what did not fit when its turn came, in order
 */
public record Filling(WriteCosts costs, int budget, List<Step> steps, List<Candidate> passedOver) {

  /**
   * One node taken.
   *
   * @param candidate which, and why
   * @param cost what it writes
   * @param total what is written with it
   */
  public record Step(Candidate candidate, int cost, int total) {}

  /** Copies the lists. */
  public Filling {
    steps = List.copyOf(steps);
    passedOver = List.copyOf(passedOver);
  }

  /**
   * Begins with nothing taken.
   *
   * @throws IllegalArgumentException if the budget is negative
   */
  public static Filling of(WriteCosts costs, int budget) {
    if (budget < 0) {
      throw new IllegalArgumentException("write budget " + budget + ": expected 0 or more");
    }
    return new Filling(costs, budget, List.of(), List.of());
  }

  /** Returns this with what fits of more candidates, the first first. */
  public Filling with(List<Candidate> candidates) {
    var taken = new ArrayList<>(steps);
    var over = new ArrayList<>(passedOver);
    int total = used();
    for (var candidate : candidates) {
      if (taken.stream().anyMatch(step -> step.candidate().node().equals(candidate.node()))) {
        continue;
      }
      int cost = costs.of(candidate.node());
      if (cost > budget - total) {
        over.add(candidate);
      } else {
        total += cost;
        taken.add(new Step(candidate, cost, total));
      }
    }
    return new Filling(costs, budget, taken, over);
  }

  /** Returns what is written so far. */
  public int used() {
    return steps.isEmpty() ? 0 : steps.getLast().total();
  }

  /** Returns the nodes that were taken as a circuit. */
  public Circuit circuit() {
    return new Circuit(steps.stream().map(step -> step.candidate().node()).toList());
  }
}
