package dev.loupe.lens.sweep;

import dev.loupe.lens.Metric;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.model.HookedTransformer;
import java.util.List;

/**
 * Many interventions on one base run: a grid of them, the prompts, and what is measured.
 *
 * @param grid the interventions
 * @param prompts the prompts
 * @param direction which run is intervened in
 * @param metric what is measured
 * @param reference the prompts that means are taken over, of the side that values are taken from
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

  /** Returns this sweep taking means over other prompts. */
  public Sweep meansOver(PromptPairs newReference) {
    return new Sweep(grid, prompts, direction, metric, newReference);
  }

  /**
   * Carries it out. It may be interrupted, and goes on from where it was in a folder that the
   * options name.
   *
   * @throws IllegalArgumentException if an intervention does not suit the model or the prompts
   * @throws IllegalStateException if the metric is not a finite number somewhere
   * @throws SweepInterruptedException if the thread is interrupted; it carries what was computed
   */
  public SweepResult run(HookedTransformer model, SweepOptions options, Progress progress) {
    var folder =
        options.folder().map(f -> SweepFolder.open(f, Fingerprint.of(this, model), options));
    var begun = folder.map(SweepFolder::options).orElse(options);
    var planner = new Planner(this, model, begun);
    var plan = planner.plan();
    try (var runner = new Runner(this, begun, progress, folder);
        var means = Means.of(this, model, plan.means(), runner.cancellation())) {
      var jobs =
          plan.blocks().stream()
              .map(block ->
                  new Job(
                      block.block().rows(),
                      cancellation ->
                          PlannedBlock.open(model, this, planner, block, means, cancellation),
                      block.chunks().stream().map(BlockPlan.Chunk::cells).toList(),
                      block.unchanged()))
              .toList();
      runner.run(jobs);
      runner.runWhole(plan.whole(), cell -> whole(model, cell));
      return runner.result();
    }
  }

  /** Returns how it would be carried out. */
  public Plan plan(HookedTransformer model, SweepOptions options) {
    return new Planner(this, model, options).plan();
  }

  private double[] whole(HookedTransformer model, int cell) {
    var alone = Grid.of(Axis.numbered("cell", 1), List.of(grid.cell(cell)));
    return NaiveSweep.run(
            new Sweep(alone, prompts, direction, metric, reference), model, Progress.none())
        .byPrompt(0);
  }
}
