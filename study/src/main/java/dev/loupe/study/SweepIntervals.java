package dev.loupe.study;

import dev.loupe.lens.Interval;
import dev.loupe.lens.sweep.SweepResult;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** The bootstrap intervals of all cells of a sweep, on all cores; of large grids they take long. */
final class SweepIntervals {
  // About a second on two cores: every cell draws 2000 times as many values as it has prompts.
  private static final int MOST_CELLS = 5000;
  private static final long MOST_VALUES = 250_000;

  private final SweepResult result;

  SweepIntervals(SweepResult result) {
    this.result = result;
  }

  /** Tells whether writing a file may wait for them. */
  boolean areWorthIt() {
    return result.size() <= MOST_CELLS && values() <= MOST_VALUES;
  }

  private long values() {
    return (long) result.size() * result.cleanByPrompt().length;
  }

  /** Says why there are none. */
  String absence() {
    return "left out of %d cells x %d prompts, as they take long; expected at most %d cells and %d values"
        .formatted(result.size(), result.cleanByPrompt().length, MOST_CELLS, MOST_VALUES);
  }

  /** Returns those of the metric, cell by cell. */
  List<Interval> ofValues() {
    return all(result::interval);
  }

  /** Returns those of the recovery, cell by cell. */
  List<Interval> ofRecovery() {
    return all(result::recoveryInterval);
  }

  private List<Interval> all(IntFunction<Interval> cell) {
    return IntStream.range(0, result.size()).parallel().mapToObj(cell).toList();
  }
}
