package dev.loupe.lens.sweep;

import dev.loupe.model.HookPoint;
import dev.loupe.model.ModelConfig;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * How a sweep will be computed, and what that costs beside the naive way: a whole forward pass a
 * cell, with all logits.
 */
public final class Plan {
  private static final int WHOLE_AT_ONCE = 16;

  private final Sweep sweep;
  private final ModelConfig config;
  private final SweepOptions options;
  private final List<BlockPlan> blocks;
  private final List<Integer> whole;
  private final Set<HookPoint> means;
  private final Costs costs;

  Plan(
      Sweep sweep,
      ModelConfig config,
      SweepOptions options,
      List<BlockPlan> blocks,
      List<Integer> whole,
      Set<HookPoint> means,
      Costs costs) {
    this.sweep = sweep;
    this.config = config;
    this.options = options;
    this.blocks = blocks;
    this.whole = whole;
    this.means = means;
    this.costs = costs;
  }

  List<BlockPlan> blocks() {
    return blocks;
  }

  /** Returns the cells that are computed as whole runs, in groups that share their base runs. */
  List<List<Integer>> whole() {
    return IntStream.range(0, Math.ceilDiv(whole.size(), WHOLE_AT_ONCE))
        .mapToObj(
            i -> whole.subList(i * WHOLE_AT_ONCE, Math.min((i + 1) * WHOLE_AT_ONCE, whole.size())))
        .toList();
  }

  // Every group of whole runs has a base and a source run of its own.
  private long wholePasses() {
    return whole.size() + 2L * whole().size();
  }

  Set<HookPoint> means() {
    return means;
  }

  /** Returns how many cells the sweep has. */
  public int cells() {
    return sweep.grid().size();
  }

  /** Returns how many pairs of a cell and a prompt change nothing that the metric reads. */
  public long unchanged() {
    return blocks.stream().mapToLong(b -> (long) b.unchanged().size() * b.block().size()).sum();
  }

  /** Returns how many chunks there are. */
  public int chunks() {
    return blocks.stream().mapToInt(b -> b.chunks().size()).sum() + whole().size();
  }

  /** Returns the rows computed, a row being one token of one prompt through one block. */
  public long rows() {
    long planned =
        blocks.stream()
            .mapToLong(
                b -> b.baseRows() + b.chunks().stream().mapToLong(BlockPlan.Chunk::rows).sum())
            .sum();
    return planned + wholePasses() * tokens() * config.nLayers();
  }

  /** Returns the rows of the naive way. */
  public long naiveRows() {
    return (cells() + 2L) * tokens() * config.nLayers();
  }

  /** Returns the floating-point operations. */
  public double flops() {
    double planned =
        blocks.stream()
            .mapToDouble(
                b -> b.baseFlops() + b.chunks().stream().mapToDouble(BlockPlan.Chunk::flops).sum())
            .sum();
    return planned + wholePasses() * wholeRun();
  }

  /** Returns the floating-point operations of the naive way. */
  public double naiveFlops() {
    return (cells() + 2.0) * wholeRun();
  }

  /** Returns the bytes held at once, as estimated. */
  public long bytes() {
    long held = blocks.stream().mapToLong(BlockPlan::baseBytes).max().orElse(0);
    long chunk =
        blocks.stream()
            .flatMap(b -> b.chunks().stream())
            .mapToLong(BlockPlan.Chunk::bytes)
            .max()
            .orElse(0);
    return options.threads() * (held + chunk);
  }

  private long tokens() {
    return blocks.stream().mapToLong(b -> (long) b.block().size() * b.block().length()).sum();
  }

  private double wholeRun() {
    return blocks.stream()
        .mapToDouble(b -> b.block().size() * costs.wholeRun(b.block().length()))
        .sum();
  }

  /** Says it in lines for a person. */
  public List<String> explain() {
    return List.of(
        PlanWords.cells(cells(), sweep.prompts().size(), tokens(), sweep.direction()),
        PlanWords.baseRuns(blocks.stream().mapToLong(BlockPlan::baseRows).sum()),
        String.format(
            Locale.ROOT,
            "unchanged: %,d of %,d cells x prompts leave what the metric reads as it is",
            unchanged(),
            (long) cells() * sweep.prompts().size()),
        String.format(
            Locale.ROOT,
            "whole runs: %,d cells that act where nothing can be spared",
            whole.size()),
        String.format(
            Locale.ROOT,
            "rows of blocks: %,d of %,d of the naive way (%.1f %%)",
            rows(),
            naiveRows(),
            100.0 * rows() / naiveRows()),
        PlanWords.arithmetic(flops(), naiveFlops()),
        PlanWords.memory(bytes(), options),
        PlanWords.chunks(chunks(), blocks.size(), options));
  }
}
