package dev.loupe.lens.sweep;

import dev.loupe.lens.Metric;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.model.HookedTransformer;

/**
 * Many interventions on one base run: a grid of them, the prompts, and what is measured.
 *
 * @param grid the interventions
 * @param prompts the prompts
 * @param direction which run is intervened in
 * @param metric what is measured
 * @param reference the prompts that means are taken over
 */
public record Sweep(
    Grid grid,
    PromptPairs prompts,
    PatchDirection direction,
    Metric metric,
    PromptPairs reference) {
  /** Returns a sweep whose means are taken over its own prompts. */
  public static Sweep of(Grid grid, PromptPairs prompts, PatchDirection direction, Metric metric) {
    return new Sweep(grid, prompts, direction, metric, prompts);
  }

  /** Returns this sweep with means taken over other prompts. */
  public Sweep meansOver(PromptPairs newReference) {
    return new Sweep(grid, prompts, direction, metric, newReference);
  }

  /**
   * Carries it out.
   *
   * @throws IllegalArgumentException if an intervention does not suit the model or the prompts
   */
  public SweepResult run(HookedTransformer model, SweepOptions options, Progress progress) {
    return NaiveSweep.run(this, model, progress);
  }
}
