package dev.loupe.model.hub;

import java.io.Serial;

/** Says in one line why a model could not be brought from the hub, and what to do about it. */
public class HubException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  HubException(String message) {
    super(message);
  }

  HubException(String message, Throwable cause) {
    super(message, cause);
  }

  static HubException interrupted(String what, Throwable cause) {
    Thread.currentThread().interrupt();
    return new HubException(
        what + ": interrupted; what has arrived is kept, and the next call goes on from there",
        cause);
  }

  /** The hub cannot be reached at all: an older download may stand in. */
  static final class Unreachable extends HubException {
    @Serial private static final long serialVersionUID = 1;

    Unreachable(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
