package dev.loupe.lens.sweep;

import java.io.Serial;
import java.util.Arrays;
import java.util.concurrent.CancellationException;

/** Says that a sweep was interrupted; what it had computed is not lost. */
public final class SweepInterruptedException extends CancellationException {
  @Serial private static final long serialVersionUID = 1L;

  private final transient SweepResult partial;

  SweepInterruptedException(String message, SweepResult partial) {
    super(message);
    this.partial = partial;
  }

  /** Returns that of a sweep that was being planned. */
  static SweepInterruptedException beforeAll(Sweep sweep) {
    int prompts = sweep.prompts().size();
    var nothing = new double[prompts];
    Arrays.fill(nothing, Double.NaN);
    return new SweepInterruptedException(
        "interrupted while the sweep was planned",
        new SweepResult(sweep, nothing, nothing, new CellValues(sweep.grid().size(), prompts)));
  }

  /** Returns what was computed; cells without a value have an estimate of n = 0. */
  public SweepResult partial() {
    return partial;
  }
}
