package dev.loupe.study.verify;

import java.util.Optional;

/**
 * A published figure, or a grid of them that is one table or chart.
 *
 * @param id its name here, such as {@code ioi-demo/heads}
 * @param source the id of its source
 * @param where in the source it stands
 * @param what it is
 * @param published what the source says
 * @param work how it is computed again; empty where Loupe cannot
 * @param notRun why not; empty where it can
 */
public record Figure(
    String id,
    String source,
    String where,
    String what,
    Published published,
    Optional<Work> work,
    String notRun) {
  /**
   * How a figure is computed again and compared.
   *
   * @param computation how it is computed
   * @param comparison how near it must come
   */
  public record Work(Computation computation, Comparison comparison) {}

  /** Refuses a figure that is neither computed nor excused, and claims that numbers do not suit. */
  public Figure {
    if (what.isBlank() || where.isBlank()) {
      throw new IllegalArgumentException("what and where: expected some words each");
    }
    if (work.isEmpty() == notRun.isBlank()) {
      throw new IllegalArgumentException(
          "expected compute and compare, or not_run with a reason; one of the two");
    }
    boolean ranks = work.filter(it -> it.comparison() instanceof Comparison.Ranks).isPresent();
    if (work.isPresent() && ranks != published instanceof Published.Heads) {
      throw new IllegalArgumentException(
          "published heads are compared by ranks, and numbers in other ways");
    }
  }
}
