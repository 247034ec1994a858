package dev.loupe.lens.sweep;

import dev.loupe.model.HookedTransformer;
import java.util.List;

/** A block of prompts of a planned sweep. */
final class PlannedBlock implements SweepBlock {
  private final HookedTransformer model;
  private final Planner planner;
  private final BlockPlan plan;
  private final BaseState state;

  private PlannedBlock(HookedTransformer model, Planner planner, BlockPlan plan, BaseState state) {
    this.model = model;
    this.planner = planner;
    this.plan = plan;
    this.state = state;
  }

  /** Computes the runs of the block that are not intervened in. */
  static PlannedBlock open(
      HookedTransformer model,
      Sweep sweep,
      Planner planner,
      BlockPlan plan,
      Means means,
      Cancellation cancellation) {
    var state = BaseState.of(model, sweep, plan.block(), plan.needs(), means, cancellation);
    return new PlannedBlock(model, planner, plan, state);
  }

  @Override
  public double[] clean() {
    return state.clean();
  }

  @Override
  public double[] corrupted() {
    return state.corrupted();
  }

  @Override
  public double[][] compute(List<Integer> cells, Cancellation cancellation) {
    var planned = cells.stream().map(cell -> planner.planned(cell, plan.block())).toList();
    int from = planned.stream().mapToInt(PlannedCell::from).min().orElseThrow();
    return new Replay(model, state, from).compute(planned, cancellation);
  }

  @Override
  public void close() {
    state.close();
  }
}
