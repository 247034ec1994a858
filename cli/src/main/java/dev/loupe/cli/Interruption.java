package dev.loupe.cli;

import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ctrl-C while something runs that can be stopped: the thread that runs it is interrupted, and the
 * process ends when its finished part is written.
 */
final class Interruption implements AutoCloseable {
  /** What a shell reports of a program that was stopped by SIGINT. */
  static final int EXIT_CODE = 130;

  private static final int PATIENCE_SECONDS = 4;

  private final CountDownLatch ended = new CountDownLatch(1);
  private Optional<Thread> hook = Optional.empty();

  /** Has Ctrl-C interrupt the calling thread from here on. */
  void watch() {
    var worker = Thread.currentThread();
    var waiting = new Thread(() -> stop(worker), "interruption");
    Runtime.getRuntime().addShutdownHook(waiting);
    hook = Optional.of(waiting);
  }

  private void stop(Thread worker) {
    worker.interrupt();
    try {
      // Whatever the outcome, the process ends after this.
      boolean _ = ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Lets the process end: all is written. */
  @Override
  public void close() {
    ended.countDown();
    try {
      hook.ifPresent(Runtime.getRuntime()::removeShutdownHook);
    } catch (IllegalStateException e) {
      // It runs already.
    }
  }
}
