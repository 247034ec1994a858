package dev.loupe.lens.sweep;

import java.nio.file.Path;
import java.util.Optional;

/**
 * How a sweep is carried out; none of it changes the numbers beyond rounding.
 *
 * @param memory the bound on what it holds at once, in bytes
 * @param threads how many chunks are computed at a time
 * @param folder where finished chunks are written, and taken from when the same sweep runs again
 */
public record SweepOptions(long memory, int threads, Optional<Path> folder) {
  /** Refuses less than 1 MiB and less than one thread. */
  public SweepOptions {
    if (memory < 1 << 20) {
      throw new IllegalArgumentException(
          "memory of " + memory + " bytes for a sweep: expected at least 1 MiB");
    }
    if (threads < 1) {
      throw new IllegalArgumentException("threads " + threads + ": expected 1 or more");
    }
  }

  /** Returns a quarter of the memory that is free, every core, and no folder. */
  public static SweepOptions standard() {
    return new SweepOptions(
        Math.max(FreeMemory.bytes() / 4, 64L << 20),
        Runtime.getRuntime().availableProcessors(),
        Optional.empty());
  }

  /** Returns these with another bound on memory, in bytes. */
  public SweepOptions withMemory(long bytes) {
    return new SweepOptions(bytes, threads, folder);
  }

  /** Returns these with another number of threads. */
  public SweepOptions withThreads(int newThreads) {
    return new SweepOptions(memory, newThreads, folder);
  }

  /** Returns these writing finished chunks into a folder. */
  public SweepOptions in(Path newFolder) {
    return new SweepOptions(memory, threads, Optional.of(newFolder));
  }
}
