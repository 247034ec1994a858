package dev.loupe.lens.sweep;

import java.util.List;

/**
 * A block of prompts of a sweep, all of one length, with what its chunks share. Threads compute
 * chunks of one block at the same time.
 */
interface SweepBlock extends AutoCloseable {
  /** Returns the metric of every clean prompt. */
  double[] clean();

  /** Returns the metric of every corrupted prompt. */
  double[] corrupted();

  /**
   * Computes cells of the grid.
   *
   * @return the metric of every cell and prompt of the block
   * @throws java.util.concurrent.CancellationException soon after the sweep is cancelled
   */
  double[][] compute(List<Integer> cells, Cancellation cancellation);

  @Override
  void close();
}
