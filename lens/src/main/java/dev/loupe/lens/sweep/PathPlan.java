package dev.loupe.lens.sweep;

import dev.loupe.model.ModelConfig;
import java.util.List;
import java.util.Locale;

/**
 * How path patching will be computed, and what that costs beside the naive way: two whole forward
 * passes a cell, with all logits, and those of the clean and the corrupted prompts.
 */
public final class PathPlan {
  private final PathPatching patching;
  private final ModelConfig config;
  private final SweepOptions options;
  private final List<PlannedPaths> blocks;
  private final Costs costs;
  private final PathWork work;

  PathPlan(
      PathPatching patching,
      ModelConfig config,
      SweepOptions options,
      List<PlannedPaths> blocks,
      Costs costs) {
    this.patching = patching;
    this.config = config;
    this.options = options;
    this.blocks = blocks;
    this.costs = costs;
    work =
        blocks.stream()
            .map(block -> PathWork.of(block, config, costs))
            .reduce(PathWork.NONE, PathWork::plus);
  }

  /** Returns how many cells there are. */
  public int cells() {
    return patching.senders().size();
  }

  /** Returns how many pairs of a cell and a prompt have no path to what the metric reads. */
  public long unchanged() {
    return pairs() - work.changed();
  }

  private long pairs() {
    return (long) cells() * patching.prompts().size();
  }

  /** Returns the rows of the base and the source run, one token of one prompt in one block each. */
  public long baseRows() {
    return work.baseRows();
  }

  /**
   * Returns the rows that go through the MLPs between senders and receivers, and receiving ones.
   */
  public long mlpRows() {
    return work.mlpRows();
  }

  /** Returns how many pairs of a cell and a prompt need a second run. */
  public long secondRuns() {
    return work.pairs();
  }

  /** Returns the rows of second runs, from the first receiver's layer and position on. */
  public long secondRows() {
    return work.secondRows();
  }

  /** Returns all rows, those through MLPs alone among them. */
  public long rows() {
    return baseRows() + mlpRows() + secondRows();
  }

  /** Returns the rows of the naive way. */
  public long naiveRows() {
    return naivePasses() * tokens() * config.nLayers();
  }

  /** Returns the floating-point operations. */
  public double flops() {
    return work.flops();
  }

  /** Returns the floating-point operations of the naive way. */
  public double naiveFlops() {
    return naivePasses()
        * blocks.stream()
            .mapToDouble(b -> b.rows().size() * costs.wholeRun(b.layout().length()))
            .sum();
  }

  private long naivePasses() {
    return 2L * cells() + 2;
  }

  private long tokens() {
    return blocks.stream().mapToLong(PlannedPaths::tokens).sum();
  }

  /** Returns how many chunks there are. */
  public int chunks() {
    return blocks.stream().mapToInt(block -> block.chunks().size()).sum();
  }

  /** Returns the bytes held at once, as estimated. */
  public long bytes() {
    return options.threads() * blocks.stream().mapToLong(PlannedPaths::bytes).max().orElse(0);
  }

  /** Says it in lines for a person. */
  public List<String> explain() {
    return List.of(
        PlanWords.cells(cells(), patching.prompts().size(), tokens(), patching.direction()),
        PlanWords.baseRuns(baseRows()),
        String.format(
            Locale.ROOT,
            "unchanged: %,d of %,d cells x prompts have no path to what the metric reads",
            unchanged(),
            pairs()),
        String.format(
            Locale.ROOT, "between senders and receivers: %,d rows of MLPs alone", mlpRows()),
        secondRuns() == 0
            ? "second runs: none, as the metric reads what the first runs record"
            : String.format(
                Locale.ROOT,
                "second runs: %,d rows of blocks, for %,d cells x prompts",
                secondRows(),
                secondRuns()),
        String.format(
            Locale.ROOT,
            "rows: %,d of %,d of the naive way (%.1f %%), two whole passes a cell",
            rows(),
            naiveRows(),
            100.0 * rows() / naiveRows()),
        PlanWords.arithmetic(flops(), naiveFlops()),
        PlanWords.memory(bytes(), options),
        PlanWords.chunks(chunks(), blocks.size(), options));
  }
}
