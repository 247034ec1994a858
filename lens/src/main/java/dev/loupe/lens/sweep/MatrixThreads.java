package dev.loupe.lens.sweep;

import dev.loupe.tensor.Threads;

/**
 * The cores of a matrix product, which are the process's: whoever runs several things side by side
 * takes them and gives them back, and the last one puts them back.
 */
public final class MatrixThreads {
  private static int sweeps;
  private static int before;

  private MatrixThreads() {}

  /** Returns how many there were before anything that is under way took them. */
  public static synchronized int take() {
    if (sweeps++ == 0) {
      before = Threads.matrixThreads();
    }
    return before;
  }

  /** Gives them back: to be called once for each {@link #take}. */
  public static synchronized void giveBack() {
    if (--sweeps == 0) {
      Threads.setMatrixThreads(before);
    }
  }
}
