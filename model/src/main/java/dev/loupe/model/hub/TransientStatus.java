package dev.loupe.model.hub;

import java.io.IOException;
import java.io.Serial;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;

/** An answer that may be another one later: 408, 429, 5xx. */
final class TransientStatus extends IOException {
  @Serial private static final long serialVersionUID = 1;

  private final long waitSeconds;

  TransientStatus(int status, Optional<String> retryAfter) {
    super(
        status == 429
            ? "too many requests (429): try again later, with HF_TOKEN set the limit is higher"
            : "the server answered " + status);
    this.waitSeconds = retryAfter.map(TransientStatus::seconds).orElse(-1L);
  }

  /** Returns how long the server asks to wait. */
  Optional<Duration> retryAfter() {
    return waitSeconds < 0 ? Optional.empty() : Optional.of(Duration.ofSeconds(waitSeconds));
  }

  private static long seconds(String header) {
    String text = header.strip();
    if (text.matches("[0-9]{1,9}")) {
      return Long.parseLong(text);
    }
    try {
      Instant until = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      return Math.max(0, Duration.between(Instant.now(), until).toSeconds());
    } catch (DateTimeParseException e) {
      return -1;
    }
  }
}
