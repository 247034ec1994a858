package dev.loupe.model.hub;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Keeps everyone else from downloading the same blob: other threads by a lock of this JVM, other
 * processes by a lock on a file, which the system releases when the process dies.
 *
 * <p>Python's client locks the same file with flock(2), which on Linux does not see this lock; it
 * writes to a name of its own, so that at worst both download.
 */
final class BlobLock implements AutoCloseable {
  private static final ConcurrentMap<Path, ReentrantLock> THREADS = new ConcurrentHashMap<>();

  private final ReentrantLock threads;
  private final FileChannel channel;

  private BlobLock(ReentrantLock threads, FileChannel channel) {
    this.threads = threads;
    this.channel = channel;
  }

  /** Waits for the lock; {@code onWait} runs if another process holds it. */
  static BlobLock take(Path folder, String name, Runnable onWait)
      throws IOException, InterruptedException {
    Files.createDirectories(folder);
    Path file = folder.toRealPath().resolve(name);
    ReentrantLock threads = THREADS.computeIfAbsent(file, _ -> new ReentrantLock());
    threads.lockInterruptibly();
    boolean held = false;
    try {
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      try {
        FileLock free = channel.tryLock();
        if (free == null) {
          onWait.run();
          channel.lock();
        }
        held = true;
        return new BlobLock(threads, channel);
      } finally {
        if (!held) {
          channel.close();
        }
      }
    } finally {
      if (!held) {
        threads.unlock();
      }
    }
  }

  /** Releases the lock; its file stays, since deleting it would let two holders in. */
  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      threads.unlock();
    }
  }
}
