package dev.loupe.explorer;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Who has the model: one at a time. Clicks come first, in their order, on one thread; streams take
 * turns, each on a thread of its own, and give the model away between two pieces. After some clicks
 * in a row a stream gets a piece all the same. What waits is bounded, and so are the threads that
 * ever run the model.
 */
final class Desk implements AutoCloseable {
  private static final int CLICKS_IN_A_ROW = 8;
  private static final long POLL_MILLIS = 20;
  private static final int SECONDS_OF_CLICKS = 1;
  private static final int SECONDS_OF_STREAMS = 5;

  private final int mostClicks;
  private final int mostStreams;
  private final Thread clerk;
  private final ExecutorService streamThreads;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<FutureTask<?>> clicks = new ArrayDeque<>();
  private final Deque<Turn> turns = new ArrayDeque<>();
  private int streams;
  private int clicksInARow;
  private boolean taken;
  private boolean closed;

  /**
   * Opens the desk.
   *
   * @param mostClicks how many clicks may wait
   * @param mostStreams how many streams there may be
   */
  Desk(int mostClicks, int mostStreams) {
    this.mostClicks = mostClicks;
    this.mostStreams = mostStreams;
    streamThreads =
        Executors.newFixedThreadPool(
            mostStreams, Thread.ofPlatform().name("explorer-stream-", 0).daemon().factory());
    clerk = Thread.ofPlatform().name("explorer-clicks").daemon().start(this::serveClicks);
  }

  /** What is done while somebody else may have the model. */
  @FunctionalInterface
  interface Writing {
    void write() throws IOException;
  }

  /** The work of a stream. */
  @FunctionalInterface
  interface Stream {
    void run(Turn turn) throws Exception;
  }

  /**
   * Answers a click as soon as it is its turn.
   *
   * @param gone tells whether the asker has left
   * @throws Refusal if too many wait, or the desk closes
   * @throws CancellationException if the asker has left
   * @throws Exception what the work throws
   */
  <T> T click(Callable<T> work, BooleanSupplier gone) throws Exception {
    var click = new FutureTask<>(work);
    lock.lock();
    try {
      requireOpen();
      if (clicks.size() >= mostClicks) {
        throw Refusal.busy(
            "The model is busy: %d requests wait already. Try again in a moment."
                .formatted(mostClicks),
            SECONDS_OF_CLICKS);
      }
      clicks.add(click);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    try {
      while (!ends(click)) {
        if (gone.getAsBoolean()) {
          throw new CancellationException("nobody waits for the answer");
        }
      }
      if (click.isCancelled()) {
        throw closing();
      }
      return click.get();
    } catch (ExecutionException e) {
      throw unwrapped(e);
    } finally {
      withdraw(click);
    }
  }

  /**
   * Carries out a stream, and returns when it has ended.
   *
   * @param gone tells whether the asker has left: the next piece is not computed then
   * @throws Refusal if there are too many streams, or the desk closes
   * @throws CancellationException if the asker has left, or the desk closes
   * @throws Exception what the work throws
   */
  void stream(Stream work, BooleanSupplier gone) throws Exception {
    var turn = new Turn();
    lock.lock();
    try {
      requireOpen();
      if (streams >= mostStreams) {
        throw Refusal.busy(
            "%d grids and circuits are being computed already. Try again when one of them has ended."
                .formatted(mostStreams),
            SECONDS_OF_STREAMS);
      }
      streams++;
    } finally {
      lock.unlock();
    }
    var stream = new FutureTask<@Nullable Void>(() -> run(work, turn));
    try {
      streamThreads.execute(stream);
      // The thread of the stream writes to the asker: who asked stays until it has ended.
      while (!ends(stream)) {
        if (gone.getAsBoolean()) {
          turn.cancel();
        }
      }
      var _ = stream.get();
    } catch (ExecutionException e) {
      throw unwrapped(e);
    } finally {
      leaveStreams();
    }
  }

  private static @Nullable Void run(Stream work, Turn turn) throws Exception {
    turn.take();
    try {
      work.run(turn);
    } finally {
      turn.give();
    }
    return null;
  }

  /** Waits a little, and tells whether it has ended, in whatever way. */
  private static boolean ends(Future<?> work) throws InterruptedException {
    try {
      work.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException | CancellationException e) {
      return true;
    }
  }

  private static Exception unwrapped(ExecutionException e) {
    return switch (e.getCause()) {
      case Exception cause -> cause;
      case Error error -> throw error;
      case null, default -> e;
    };
  }

  /** A click that has begun is interrupted, and ends at the next step that looks for it. */
  private void withdraw(FutureTask<?> click) {
    lock.lock();
    try {
      clicks.remove(click);
    } finally {
      lock.unlock();
    }
    click.cancel(true);
  }

  private void leaveStreams() {
    lock.lock();
    try {
      streams--;
    } finally {
      lock.unlock();
    }
  }

  private void requireOpen() {
    if (closed) {
      throw closing();
    }
  }

  private static Refusal closing() {
    return Refusal.busy("The explorer is being shut down.", SECONDS_OF_STREAMS);
  }

  // ---- The thread of clicks

  private void serveClicks() {
    try {
      for (var click = next(); click.isPresent(); click = next()) {
        try {
          click.get().run();
        } finally {
          // Of a click whose asker has left; it is no business of the next.
          var _ = Thread.interrupted();
          free();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits for a click and takes the model for it; nothing once the desk is closed. */
  private Optional<FutureTask<?>> next() throws InterruptedException {
    lock.lock();
    try {
      while (!closed && (taken || clicks.isEmpty() || streamIsDue())) {
        changed.await();
      }
      if (closed) {
        return Optional.empty();
      }
      taken = true;
      clicksInARow++;
      return Optional.of(clicks.remove());
    } finally {
      lock.unlock();
    }
  }

  private boolean streamIsDue() {
    return clicksInARow >= CLICKS_IN_A_ROW && !turns.isEmpty();
  }

  private void free() {
    lock.lock();
    try {
      taken = false;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Refuses what comes and what waits, ends streams at their next piece, and waits for the rest.
   */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      clicks.forEach(click -> click.cancel(false));
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    // Sweeps can be interrupted; what cannot goes on to the end of its piece.
    streamThreads.shutdownNow();
    streamThreads.close();
    join(clerk);
  }

  private static void join(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** A stream's hold on the model. Of one thread, but for {@link #cancel}. */
  final class Turn {
    private boolean held;
    private boolean cancelled;

    private Turn() {}

    /** Gives the model away while something is written, and waits until it is this turn again. */
    void pass(Writing writing) throws IOException {
      give();
      requireWanted();
      writing.write();
      take();
    }

    private void requireWanted() {
      lock.lock();
      try {
        check();
      } finally {
        lock.unlock();
      }
    }

    private void check() {
      if (cancelled || closed) {
        throw new CancellationException(
            closed ? "the explorer is being shut down" : "nobody waits for the rest");
      }
    }

    private void take() {
      lock.lock();
      turns.add(this);
      try {
        check();
        while (taken || turns.peek() != this || !(clicks.isEmpty() || streamIsDue())) {
          changed.awaitUninterruptibly();
          check();
        }
        taken = true;
        held = true;
        clicksInARow = 0;
      } finally {
        turns.remove(this);
        changed.signalAll();
        lock.unlock();
      }
    }

    private void give() {
      if (held) {
        held = false;
        free();
      }
    }

    private void cancel() {
      lock.lock();
      try {
        cancelled = true;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }
}
