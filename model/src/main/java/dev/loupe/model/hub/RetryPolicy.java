package dev.loupe.model.hub;

import java.time.Duration;

/**
 * Say how long to wait for the hub and how often to try again.
 *
 * @param attempts tries in a row that bring nothing before giving up; a try that brings bytes
 *     resets the count
 * @param firstWait wait before the second try, doubled before each further one, with jitter
 * @param longestWait cap of a wait, also of what the server asks for with {@code Retry-After}
 * @param connectTimeout cap on opening a connection
 * @param stallTimeout cap on silence: until the headers come, and between two pieces of a body
 */
public record RetryPolicy(
    int attempts,
    Duration firstWait,
    Duration longestWait,
    Duration connectTimeout,
    Duration stallTimeout) {

  /** Five tries, waits of 0.5 s to 60 s, 10 s to connect, 30 s of silence. */
  public static final RetryPolicy DEFAULT =
      new RetryPolicy(
          5,
          Duration.ofMillis(500),
          Duration.ofSeconds(60),
          Duration.ofSeconds(10),
          Duration.ofSeconds(30));

  /** Check that there is at least one attempt and that every duration is positive. */
  public RetryPolicy {
    if (attempts < 1) {
      throw new IllegalArgumentException("attempts must be at least 1, got " + attempts);
    }
    requirePositive("firstWait", firstWait);
    requirePositive("longestWait", longestWait);
    requirePositive("connectTimeout", connectTimeout);
    requirePositive("stallTimeout", stallTimeout);
  }

  /** Return this policy with one attempt only. */
  RetryPolicy once() {
    return new RetryPolicy(1, firstWait, longestWait, connectTimeout, stallTimeout);
  }

  private static void requirePositive(String name, Duration value) {
    if (!value.isPositive()) {
      throw new IllegalArgumentException(name + " must be positive, got " + value);
    }
  }
}
