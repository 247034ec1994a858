package dev.loupe.lens.sweep;

import dev.loupe.lens.Metric;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.model.HookedTransformer;
import java.util.List;
import java.util.stream.IntStream;

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
    // What does not suit the model is refused before a folder is claimed for it.
    var first = new Planner(this, model, options);
    var folder =
        options.folder().map(f -> SweepFolder.open(f, Fingerprint.of(this, model), options));
    var begun = folder.map(SweepFolder::options).orElse(options);
    var planner = begun.equals(options) ? first : new Planner(this, model, begun);
    var plan = planner.plan();
    if (plan.bytes() > begun.memory()) {
      progress.note(
          "this sweep takes about %d MiB, more than the %d MiB allowed: it cannot be cut smaller"
              .formatted(plan.bytes() >> 20, begun.memory() >> 20));
    }
    try (var runner = new Runner(this, begun, progress, folder);
        var means =
            runner.compute(() -> Means.of(this, model, plan.means(), runner.cancellation()))) {
      runner.run(plan.blocks().stream().map(block -> job(model, planner, block, means)).toList());
      runner.runWhole(plan.whole(), cells -> whole(model, cells));
      return runner.result();
    }
  }

  private double[][] whole(HookedTransformer model, List<Integer> cells) {
    var some =
        Grid.of(Axis.numbered("cell", cells.size()), cells.stream().map(grid::cell).toList());
    var result =
        NaiveSweep.run(
            new Sweep(some, prompts, direction, metric, reference), model, Progress.none());
    return IntStream.range(0, cells.size()).mapToObj(result::byPrompt).toArray(double[][]::new);
  }

  private Job job(HookedTransformer model, Planner planner, BlockPlan block, Means means) {
    return new Job(
        block.block().rows(),
        cancellation -> PlannedBlock.open(model, this, planner, block, means, cancellation),
        block.chunks().stream().map(BlockPlan.Chunk::cells).toList(),
        block.unchanged());
  }

  /** Returns how it would be carried out. */
  public Plan plan(HookedTransformer model, SweepOptions options) {
    return new Planner(this, model, options).plan();
  }
}
