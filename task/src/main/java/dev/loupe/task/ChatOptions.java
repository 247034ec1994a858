package dev.loupe.task;

import java.time.Duration;

/**
 * What to ask a chat endpoint for.
 *
 * @param model its name there
 * @param categories how many categories to ask for
 * @param descriptors how many pairs of opposites
 * @param nouns how many nouns
 * @param timeout of one request
 * @param retries how often to ask again where the endpoint fails or its answer cannot be used
 */
public record ChatOptions(
    String model, int categories, int descriptors, int nouns, Duration timeout, int retries) {
  /** Refuses a model without a name, numbers below 1, and no time. */
  public ChatOptions {
    if (model.isBlank()) {
      throw new IllegalArgumentException("chat model '': expected its name at the endpoint");
    }
    if (categories < 1 || descriptors < 1 || nouns < 1) {
      throw new IllegalArgumentException(
          "%d categories, %d descriptors, %d nouns: expected 1 or more of each"
              .formatted(categories, descriptors, nouns));
    }
    if (timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException("timeout " + timeout + ": expected more than none");
    }
    if (retries < 0 || retries > 10) {
      throw new IllegalArgumentException(retries + " retries: expected 0 to 10");
    }
  }

  /** 40 categories, 60 pairs, 80 nouns, two minutes a request, 2 retries. */
  public static ChatOptions of(String model) {
    return new ChatOptions(model, 40, 60, 80, Duration.ofMinutes(2), 2);
  }

  /** Returns these options with other limits of time. */
  public ChatOptions withLimits(Duration timeout, int retries) {
    return new ChatOptions(model, categories, descriptors, nouns, timeout, retries);
  }
}
