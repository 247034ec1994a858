package dev.loupe.model.hub;

import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import javax.net.ssl.SSLException;

/** Waits longer after each failure in a row, and gives up after as many as the policy allows. */
final class Backoff {
  private final String what;
  private final RetryPolicy policy;
  private final DownloadProgress progress;
  private int failures;

  Backoff(String what, RetryPolicy policy, DownloadProgress progress) {
    this.what = what;
    this.policy = policy;
    this.progress = progress;
  }

  void reset() {
    failures = 0;
  }

  void after(IOException failure) throws InterruptedException {
    failures++;
    String reason = describe(failure);
    if (failures >= policy.attempts()) {
      throw new HubException.Unreachable(
          "%s: %s (%d %s)".formatted(what, reason, failures, failures == 1 ? "try" : "tries"),
          failure);
    }
    Duration wait = wait(failure);
    progress.note("%s: %s; next try in %.1f s".formatted(what, reason, wait.toMillis() / 1e3));
    Thread.sleep(wait);
  }

  private Duration wait(IOException failure) {
    Duration own = policy.firstWait().multipliedBy(1L << Math.min(failures - 1, 20));
    Duration asked =
        failure instanceof TransientStatus status ? status.retryAfter().orElse(own) : own;
    Duration capped = asked.compareTo(policy.longestWait()) > 0 ? policy.longestWait() : asked;
    // many clients that failed together should not come back together; never before they were told
    double jitter = ThreadLocalRandom.current().nextDouble(1, 1.25);
    return Duration.ofNanos((long) (capped.toNanos() * jitter));
  }

  private static String describe(IOException failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof UnresolvedAddressException || cause instanceof UnknownHostException) {
        return "the host is not known: is there a network?";
      }
    }
    return switch (failure) {
      case HttpConnectTimeoutException _ -> "timed out while connecting";
      case ConnectException _ -> "no connection to the host";
      case SSLException ssl -> "no secure connection: " + ssl.getMessage();
      default ->
          failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
    };
  }
}
