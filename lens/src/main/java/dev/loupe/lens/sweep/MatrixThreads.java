package dev.loupe.lens.sweep;

import dev.loupe.tensor.Threads;

/** The cores of a matrix product, which are the process's: the last sweep puts them back. */
final class MatrixThreads {
  private static int sweeps;
  private static int before;

  private MatrixThreads() {}

  /** Returns how many there were before any sweep that is under way. */
  static synchronized int take() {
    if (sweeps++ == 0) {
      before = Threads.matrixThreads();
    }
    return before;
  }

  static synchronized void giveBack() {
    if (--sweeps == 0) {
      Threads.setMatrixThreads(before);
    }
  }
}
