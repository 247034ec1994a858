package dev.loupe.lens.sweep;

import java.util.concurrent.CancellationException;

/** Tells the threads of a sweep to stop. */
final class Cancellation {
  private volatile boolean cancelled;

  void cancel() {
    cancelled = true;
  }

  /** Throws where the sweep is cancelled; to be asked at least once a block of the model. */
  void check() {
    if (cancelled) {
      throw new CancellationException("the sweep was cancelled");
    }
  }
}
