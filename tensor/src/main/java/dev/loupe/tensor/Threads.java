package dev.loupe.tensor;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.bytedeco.javacpp.Loader;

/**
 * Says how many cores a matrix product uses.
 *
 * <p>Element-wise operations always run on the calling thread. One forward pass is fastest with all
 * cores given to matrix products; many independent ones with a Java thread a core and one core a
 * product.
 */
public final class Threads {
  private Threads() {}

  /**
   * Sets the cores a matrix product may use, for the whole process.
   *
   * @throws IllegalArgumentException if {@code threads} is below 1
   */
  public static void setMatrixThreads(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("matrix threads " + threads + ": expected 1 or more");
    }
    Torch.load();
    Torch.blasThreads(threads);
  }

  /** Returns the cores a matrix product may use now. */
  public static int matrixThreads() {
    Torch.load();
    return Torch.blasThreads();
  }

  /** Returns the version of libtorch and its binding, without loading them. */
  public static String libtorchVersion() {
    try {
      return Loader.getVersion("org.bytedeco", "pytorch");
    } catch (IOException e) {
      throw new UncheckedIOException("the jar of org.bytedeco:pytorch does not say its version", e);
    }
  }
}
