package dev.loupe.lens.sweep;

import java.util.List;
import java.util.function.Function;

/**
 * What is to be done for one block of prompts.
 *
 * @param rows the row of the sweep that each prompt of the block is
 * @param open computes what the chunks share
 * @param chunks cells that are computed together, the longest work first
 * @param unchanged cells whose metric is the base run's
 */
record Job(
    List<Integer> rows,
    Function<Cancellation, SweepBlock> open,
    List<List<Integer>> chunks,
    List<Integer> unchanged) {
  /** Copies the lists. */
  Job {
    rows = List.copyOf(rows);
    chunks = chunks.stream().map(List::copyOf).toList();
    unchanged = List.copyOf(unchanged);
  }
}
