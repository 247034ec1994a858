package dev.loupe.lens.sweep;

import java.io.Serial;
import java.util.concurrent.CancellationException;

/** Says that a sweep was interrupted; what it had computed is not lost. */
public final class SweepInterruptedException extends CancellationException {
  @Serial private static final long serialVersionUID = 1L;

  private final transient SweepResult partial;

  SweepInterruptedException(String message, SweepResult partial) {
    super(message);
    this.partial = partial;
  }

  /** Returns what was computed; cells without a value have an estimate of n = 0. */
  public SweepResult partial() {
    return partial;
  }
}
