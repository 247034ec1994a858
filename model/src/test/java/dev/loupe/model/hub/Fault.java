package dev.loupe.model.hub;

import java.net.URI;
import java.time.Duration;
import java.util.Map;

/** One way in which a {@link FakeHub} misbehaves. */
public sealed interface Fault {
  /** Answers with a status and nothing else. */
  record Status(int code, Map<String, String> headers) implements Fault {
    public Status(int code) {
      this(code, Map.of());
    }
  }

  /** Redirects elsewhere. */
  record Redirect(URI to) implements Fault {}

  /** Answers with these headers in place of its own. */
  record Headers(Map<String, String> headers) implements Fault {}

  /** Drops the connection after so many bytes of the body. */
  record Break(int bytes) implements Fault {}

  /** Falls silent after so many bytes of the body. */
  record Stall(int bytes) implements Fault {}

  /** Sends the whole file in answer to a range. */
  record IgnoreRange() implements Fault {}

  /** Answers a range with another one. */
  record OtherRange() implements Fault {}

  /** Changes the last byte. */
  record Corrupt() implements Fault {}

  /** Sends only so many bytes, properly announced. */
  record Shorten(int bytes) implements Fault {}

  /** Pauses twice in the middle of the body. */
  record Slow(Duration pause) implements Fault {}
}
