package dev.loupe.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;

/** Watches how much memory the process takes beyond what it took at first; on Linux. */
final class PeakMemory implements AutoCloseable {
  private static final int PAGE = 4096;

  private final long before = resident();
  private final AtomicLong peak = new AtomicLong(before);
  private final Thread watcher = Thread.ofPlatform().daemon().start(this::watch);

  private void watch() {
    try {
      while (true) {
        peak.accumulateAndGet(resident(), Math::max);
        Thread.sleep(2);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns the bytes at the peak less those before. */
  long growth() {
    return peak.get() - before;
  }

  private static long resident() {
    try {
      var pages = Files.readString(Path.of("/proc/self/statm")).split(" ", -1)[1];
      return Long.parseLong(pages) * PAGE;
    } catch (IOException e) {
      throw new UncheckedIOException("memory is watched on Linux only", e);
    }
  }

  @Override
  public void close() {
    watcher.interrupt();
  }
}
