package dev.loupe.tensor;

import java.io.Serial;

/** Says that a tensor operation was refused: which one, on what shapes, and why. */
public final class TensorException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  /** Creates the exception with a message a person can act on. */
  public TensorException(String message) {
    super(message);
  }

  TensorException(String message, Throwable cause) {
    super(message, cause);
  }

  /** Tells whether the memory for the result was not to be had; less at once may succeed. */
  public boolean isOutOfMemory() {
    var cause = getCause();
    var text = String.valueOf(cause == null ? getMessage() : cause.getMessage());
    return text.contains("allocate memory") || text.contains("out of memory");
  }
}
