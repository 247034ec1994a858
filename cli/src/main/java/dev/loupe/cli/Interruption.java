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

  private static final int SECONDS_TO_STOP = 2;
  private static final int SECONDS_TO_SAVE = 20;

  private final CountDownLatch stopped = new CountDownLatch(1);
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
      // What does not stop has nothing to save; after this the process ends in any case.
      if (stopped.await(SECONDS_TO_STOP, TimeUnit.SECONDS)) {
        boolean _ = ended.await(SECONDS_TO_SAVE, TimeUnit.SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Tells that the work has stopped, and that its results are being written. */
  void saving() {
    stopped.countDown();
  }

  /** Lets the process end: all is written. */
  @Override
  public void close() {
    stopped.countDown();
    ended.countDown();
    try {
      hook.ifPresent(Runtime.getRuntime()::removeShutdownHook);
    } catch (IllegalStateException e) {
      // It runs already.
    }
  }
}
