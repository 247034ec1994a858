package dev.loupe.explorer;

import java.io.Serial;

/** Says that a request is not carried out, with the status of HTTP that tells so. */
final class Refusal extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  private final int status;
  private final int retryAfter;

  /**
   * Refuses for good.
   *
   * @param message a sentence for people
   */
  Refusal(int status, String message) {
    this(status, message, 0);
  }

  private Refusal(int status, String message, int retryAfter) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** Refuses for some seconds. */
  static Refusal busy(String message, int seconds) {
    return new Refusal(503, message, seconds);
  }

  int status() {
    return status;
  }

  /** Returns after how many seconds another try makes sense; 0 if it never does. */
  int retryAfter() {
    return retryAfter;
  }
}
