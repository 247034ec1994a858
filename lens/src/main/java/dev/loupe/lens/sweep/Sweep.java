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
 */
public record Sweep(Grid grid, PromptPairs prompts, PatchDirection direction, Metric metric) {
  /**
   * Carries it out.
   *
   * @throws IllegalArgumentException if an intervention does not suit the model or the prompts
   */
  public SweepResult run(HookedTransformer model, SweepOptions options, Progress progress) {
    return NaiveSweep.run(this, model, progress);
  }
}
