package dev.loupe.lens.sweep;

import dev.loupe.lens.Metric.Reads;
import dev.loupe.lens.sweep.PathPatching.Recompute;
import dev.loupe.model.ModelConfig;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * What path patching of a block of prompts computes, counted before it does. A row is one token of
 * one prompt through one block, or through the MLP of one.
 *
 * @param baseRows of blocks, in the base and the source run
 * @param mlpRows of MLPs between senders and receivers, and of MLPs that receive
 * @param pairs the cells and prompts that have a second run
 * @param secondRows of blocks, in second runs
 * @param changed the cells and prompts whose metric may differ from the base run's
 * @param flops the floating-point operations
 */
record PathWork(
    long baseRows, long mlpRows, long pairs, long secondRows, long changed, double flops) {

  static final PathWork NONE = new PathWork(0, 0, 0, 0, 0, 0);

  PathWork plus(PathWork other) {
    return new PathWork(
        baseRows + other.baseRows,
        mlpRows + other.mlpRows,
        pairs + other.pairs,
        secondRows + other.secondRows,
        changed + other.changed,
        flops + other.flops);
  }

  /** Counts what a block takes, chunk by chunk. */
  static PathWork of(PlannedPaths block, ModelConfig config, Costs costs) {
    var counting = new Counting(block, config, costs);
    return block.chunks().stream().map(counting::chunk).reduce(counting.base(), PathWork::plus);
  }

  /** A cell, counted within a chunk, and a prompt. */
  private record Pair(int cell, int prompt) {}

  private record Counting(PlannedPaths block, ModelConfig config, Costs costs) {
    PathWork base() {
      long rows = 2 * block.tokens() * config.nLayers();
      double flops = rows * costs.block(length()) + 2.0 * block.rows().size() * read(length());
      return new PathWork(rows, 0, 0, 0, 0, flops);
    }

    PathWork chunk(List<Integer> cells) {
      var layout = block.layout();
      long mlpRows = 0;
      double flops = headOutputs(cells);
      Set<Pair> heard = new HashSet<>();
      Set<Pair> changed = new HashSet<>();
      Set<Integer> reached = new HashSet<>();
      int from = length();
      for (var row : layout.rows(cells)) {
        mlpRows += between(row);
        var pair = new Pair(row.cell(), row.place() / length());
        for (var receiver : layout.receivers()) {
          boolean records =
              row.start() < layout.stages().of(receiver)
                  && layout.received(receiver).get(row.place());
          if (!records) {
            continue;
          }
          from = Math.min(from, row.place() % length());
          switch (receiver) {
            case Receiver.HeadInput input -> flops += projection(input);
            case Receiver.Mlp _ -> mlpRows++;
            case Receiver.FinalResidual _ -> changed.add(pair);
          }
          if (!(receiver instanceof Receiver.FinalResidual) && !isHidden(pair.prompt())) {
            heard.add(pair);
          }
        }
      }
      changed.addAll(heard);
      changed.forEach(pair -> reached.add(pair.cell()));
      int width = length() - from;
      long secondRows = (long) heard.size() * width * secondLayers();
      flops += mlpRows * costs.mlp() + secondRows * costs.block(length());
      flops += (double) reached.size() * block.rows().size() * read(width);
      return new PathWork(0, mlpRows, heard.size(), secondRows, changed.size(), flops);
    }

    /** Returns how many MLPs a row goes through on its way to the last that reads its place. */
    private long between(PathLayout.Row row) {
      if (!block.patching().recomputes(Recompute.MLPS)) {
        return 0;
      }
      return IntStream.range(0, config.nLayers())
          .map(block.layout().stages()::mlp)
          .filter(stage -> row.start() < stage && block.layout().isRead(row.place(), stage + 1))
          .count();
    }

    /** Returns what sent heads take through W_O, which is done at every place that any sends at. */
    private double headOutputs(List<Integer> cells) {
      long heads =
          cells.stream()
              .flatMap(cell -> block.layout().sendings(cell).stream())
              .filter(sending -> sending.slot() != PathLayout.MLP)
              .map(sending -> List.of(sending.stage(), sending.slot()))
              .distinct()
              .count();
      return 2.0 * heads * block.layout().held().length * config.dHead() * config.dModel();
    }

    /** Returns what a row costs a receiving head: the queries, keys or values of its layer. */
    private double projection(Receiver.HeadInput input) {
      int heads =
          switch (input.role()) {
            case QUERY -> config.nHeads();
            case KEY, VALUE -> config.nKeyValueHeads();
          };
      return 2.0 * config.dModel() * config.dHead() * heads;
    }

    private int secondLayers() {
      return config.nLayers()
          - block.patching().receivers().stream()
              .filter(receiver -> !(receiver instanceof Receiver.FinalResidual))
              .mapToInt(receiver -> PathStages.layer(block.layout().stages().of(receiver)))
              .min()
              .orElse(config.nLayers());
    }

    /** Tells whether the metric reads nothing of a prompt but what the final residual receives. */
    private boolean isHidden(int prompt) {
      return IntStream.range(readsEvery() ? 0 : length() - 1, length())
          .allMatch(position -> block.layout().isFinal(prompt * length() + position));
    }

    /** Returns what the metric's logits of one prompt cost, with {@code width} positions. */
    private double read(int width) {
      return switch (block.patching().metric().reads()) {
        case ANSWERS ->
            2.0 * config.dModel() * block.patching().prompts().answers().tokens().length;
        case LAST -> costs.logits();
        case EVERY -> width * costs.logits();
      };
    }

    private boolean readsEvery() {
      return block.patching().metric().reads() == Reads.EVERY;
    }

    private int length() {
      return block.layout().length();
    }
  }
}
