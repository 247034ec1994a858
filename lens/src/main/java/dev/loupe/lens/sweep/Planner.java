package dev.loupe.lens.sweep;

import dev.loupe.lens.Change;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.Metric;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Site;
import dev.loupe.lens.sweep.BlockPlan.Chunk;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.ModelConfig;
import dev.loupe.tensor.DType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Decides what of a sweep is computed, and in which pieces, before anything is. */
final class Planner {
  private final Sweep sweep;
  private final ModelConfig config;
  private final SweepOptions options;
  private final Costs costs;
  private final boolean readsAll;
  private final Map<Long, int[]> partners = new HashMap<>();
  private final Set<HookPoint> means = new HashSet<>();
  private final Set<Integer> whole = new TreeSet<>();
  // Of the reference prompts, by template.
  private final Map<String, SortedSet<Integer>> lengths = new HashMap<>();

  /**
   * Prepares a plan.
   *
   * @throws IllegalArgumentException if an intervention does not suit the model or the prompts
   */
  Planner(Sweep sweep, HookedTransformer model, SweepOptions options) {
    this.sweep = sweep;
    this.options = options;
    config = model.config();
    costs = new Costs(config, sweep.metric(), model.weights().wE().dtype() == DType.F64 ? 8 : 4);
    readsAll = sweep.metric().reads() == Metric.Reads.EVERY;
    var reference = sweep.reference();
    for (int row = 0; row < reference.size(); row++) {
      lengths
          .computeIfAbsent(reference.templates().get(row), t -> new TreeSet<>())
          .add(reference.clean().row(row).length);
    }
    for (int cell = 0; cell < sweep.grid().size(); cell++) {
      sweep.grid().cell(cell).forEach(this::register);
    }
  }

  /** Plans the sweep. */
  Plan plan() {
    int most = costs.mostRows(sweep.prompts().clean().length());
    List<BlockPlan> blocks;
    while (true) {
      int rows = most;
      blocks =
          PromptBlock.split(sweep, length -> prompts(length, rows), partners).stream()
              .map(this::block)
              .toList();
      long held = blocks.stream().mapToLong(BlockPlan::baseBytes).max().orElse(0);
      // What is held of base runs may take half of the memory; smaller blocks hold less.
      if (held * options.threads() <= options.memory() / 2 || most <= 1) {
        break;
      }
      most /= 2;
    }
    int shares = Math.ceilDiv(options.threads(), Math.min(options.threads(), blocks.size()));
    var cut = blocks.stream().map(block -> cut(block, shares)).toList();
    return new Plan(sweep, config, options, cut, List.copyOf(whole), Set.copyOf(means), costs);
  }

  private void register(Intervention intervention) {
    intervention.requireFor(config, sweep.prompts());
    switch (intervention.change()) {
      case Change.Resample resample -> {
        var prompts = sweep.prompts();
        boolean denoising = sweep.direction() == PatchDirection.DENOISING;
        partners.computeIfAbsent(
            resample.seed(),
            seed -> Resampling.partners(denoising ? prompts.clean() : prompts.corrupted(), seed));
      }
      case Change.Mean mean -> {
        boolean attention = Site.isAttention(intervention.site().point().kind());
        if (mean.over() == Change.Over.TEMPLATE_AND_POSITION) {
          requireMeans(intervention, attention);
        }
        // Means of patterns are taken by whole runs.
        if (!attention) {
          means.add(intervention.site().point());
        }
      }
      default -> {}
    }
  }

  private void requireMeans(Intervention intervention, boolean attention) {
    var prompts = sweep.prompts();
    for (int row = 0; row < prompts.size(); row++) {
      var known = lengths.getOrDefault(prompts.templates().get(row), new TreeSet<>());
      int length = prompts.clean().row(row).length;
      for (int position : prompts.positions(intervention.site().at(), row)) {
        boolean there =
            attention ? known.contains(length) : !known.isEmpty() && known.last() > position;
        if (!there) {
          throw new IllegalArgumentException(
              intervention
                  + ": the prompts that means are taken over have none of template \""
                  + prompts.templates().get(row)
                  + "\" with "
                  + (attention ? length + " tokens" : "a token at position " + position));
        }
      }
    }
  }

  // Base and source run go through the model together, a thread having its share of the prompts.
  private int prompts(int length, int rows) {
    int share = Math.ceilDiv(sweep.prompts().size(), options.threads());
    return Math.clamp(rows / (2L * length), 1, Math.max(1, share));
  }

  private BlockPlan block(PromptBlock block) {
    var needs = new Needs();
    var unchanged = new ArrayList<Integer>();
    var bySuffix = new TreeMap<Integer, List<PlannedCell>>();
    for (int i = 0; i < sweep.grid().size(); i++) {
      if (Thread.currentThread().isInterrupted()) {
        throw SweepInterruptedException.beforeAll(sweep);
      }
      var cell = planned(i, block);
      switch (cell.entry()) {
        case NOTHING -> unchanged.add(i);
        case WHOLE -> whole.add(i);
        default -> {
          cell.note(needs, config);
          bySuffix.computeIfAbsent(cell.from(), f -> new ArrayList<>()).add(cell);
        }
      }
    }
    var chunks = new ArrayList<Chunk>();
    bySuffix.forEach((from, cells) -> {
      // Cells that begin together go together: a batch grows as it goes through the layers.
      cells.sort(Comparator.comparingInt(PlannedCell::layer));
      chunks.add(chunk(block, from, cells));
    });
    int runs = 1 + Math.max(1, needs.sources().size());
    int length = block.length();
    long rows = (long) runs * block.size() * length;
    return new BlockPlan(
        block,
        needs,
        chunks,
        unchanged,
        rows * config.nLayers(),
        rows * config.nLayers() * costs.block(length),
        heldBytes(block, needs));
  }

  PlannedCell planned(int cell, PromptBlock block) {
    return PlannedCell.of(cell, sweep.grid().cell(cell), block, config, readsAll);
  }

  private Chunk chunk(PromptBlock block, int from, List<PlannedCell> cells) {
    long rows = 0;
    double flops = 0;
    for (var cell : cells) {
      var computed = cell.rows(block, config, readsAll);
      rows += block.size() * costs.rows(cell, computed, block.length(), readsAll);
      flops += block.size() * costs.cell(cell, computed, block.length(), readsAll);
    }
    return new Chunk(
        cells.stream().map(PlannedCell::cell).toList(),
        from,
        rows,
        flops,
        cells.size() * bytesPerCell(block, from));
  }

  private long bytesPerCell(PromptBlock block, int from) {
    int suffix = block.length() - from;
    return block.size() * (suffix * costs.bytesPerRow(block.length()) + costs.bytesPerRead(suffix));
  }

  /** Cuts chunks to what memory allows, and into a share for every thread. */
  private BlockPlan cut(BlockPlan plan, int shares) {
    long memory = (options.memory() - plan.baseBytes() * options.threads()) / options.threads();
    double all = plan.chunks().stream().mapToDouble(Chunk::flops).sum();
    var chunks = new ArrayList<Chunk>();
    for (var chunk : plan.chunks()) {
      long rowsPerCell = (long) plan.block().size() * (plan.block().length() - chunk.from());
      long byMemory = memory / bytesPerCell(plan.block(), chunk.from());
      long byRows = costs.mostRows(plan.block().length()) / rowsPerCell;
      int most = Math.clamp(Math.min(byMemory, byRows), 1, chunk.cells().size());
      int parts = Math.ceilDiv(chunk.cells().size(), most);
      int wanted = (int) Math.min(Math.ceil(shares * chunk.flops() / all), chunk.cells().size());
      chunks.addAll(parts(plan.block(), chunk, Math.max(parts, wanted), most));
    }
    // The longest first, so that no thread is left with it at the end.
    chunks.sort(Comparator.comparingDouble(c -> -c.flops()));
    return new BlockPlan(
        plan.block(),
        plan.needs(),
        chunks,
        plan.unchanged(),
        plan.baseRows(),
        plan.baseFlops(),
        plan.baseBytes());
  }

  // Parts of about equal work, none of more than `most` cells.
  private List<Chunk> parts(PromptBlock block, Chunk chunk, int count, int most) {
    if (count == 1) {
      return List.of(chunk);
    }
    var parts = new ArrayList<Chunk>();
    var part = new ArrayList<PlannedCell>();
    double flops = 0;
    for (int number : chunk.cells()) {
      var cell = planned(number, block);
      double cost =
          block.size()
              * costs.cell(cell, cell.rows(block, config, readsAll), block.length(), readsAll);
      boolean full = part.size() == most || flops + cost / 2 > chunk.flops() / count;
      if (full && !part.isEmpty()) {
        parts.add(chunk(block, chunk.from(), part));
        part.clear();
        flops = 0;
      }
      part.add(cell);
      flops += cost;
    }
    parts.add(chunk(block, chunk.from(), part));
    return parts;
  }

  private long heldBytes(PromptBlock block, Needs needs) {
    long positions = (long) block.length() - Math.min(needs.start(), block.length() - 1);
    long held = 0;
    for (var point : needs.base()) {
      held += positions * width(point.kind(), block.length());
    }
    for (var points : needs.sources().values()) {
      for (var point : points) {
        held += positions * width(point.kind(), block.length());
      }
    }
    long cached = 2L * config.nLayers() * config.nKeyValueHeads() * config.dHead() * block.length();
    // The cache of the run and the copy that attention multiplies by live side by side for a while.
    long runs = 1L + Math.max(1, needs.sources().size());
    long logits = readsAll ? 2L * block.length() * config.dVocab() : 0;
    long transients = runs * block.length() * costs.bytesPerRow(block.length());
    return block.size()
        * (costs.elementBytes() * (held + logits + (1 + runs) * cached) + transients);
  }

  private long width(Kind kind, int length) {
    return switch (kind) {
      case PATTERN, ATTN_SCORES -> (long) config.nHeads() * length;
      case MLP_PRE, MLP_PRE_LINEAR, MLP_POST -> config.dMlp();
      case Q, ROT_Q, Z -> (long) config.nHeads() * config.dHead();
      case K, ROT_K, V -> (long) config.nKeyValueHeads() * config.dHead();
      case LN1_SCALE, LN2_SCALE, LN_FINAL_SCALE -> 1;
      default -> config.dModel();
    };
  }
}
