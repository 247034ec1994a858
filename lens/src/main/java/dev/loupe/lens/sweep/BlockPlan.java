package dev.loupe.lens.sweep;

import java.util.List;

/**
 * How the cells of a sweep are computed on one block of prompts.
 *
 * @param block the prompts
 * @param needs what is read of the runs that are not intervened in
 * @param chunks the cells that change something
 * @param unchanged the cells that change nothing the metric reads
 * @param baseRows rows of blocks of the runs that are not intervened in
 * @param baseFlops floating-point operations of these
 * @param baseBytes what is held of them
 */
record BlockPlan(
    PromptBlock block,
    Needs needs,
    List<Chunk> chunks,
    List<Integer> unchanged,
    long baseRows,
    double baseFlops,
    long baseBytes) {

  /**
   * Cells that are computed together.
   *
   * @param cells their numbers
   * @param from the first position that is computed
   * @param rows rows of blocks
   * @param flops floating-point operations
   * @param bytes what it takes at once
   */
  record Chunk(List<Integer> cells, int from, long rows, double flops, long bytes) {
    /** Copies the list. */
    Chunk {
      cells = List.copyOf(cells);
    }
  }
}
