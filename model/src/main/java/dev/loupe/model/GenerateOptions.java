package dev.loupe.model;

import java.util.OptionalInt;

/**
 * How a text is continued.
 *
 * @param maxNewTokens the most tokens a row gets
 * @param sampling how the next token is chosen
 * @param stopAtEos whether a row ends with an end token of the config
 * @param useKeyValueCache whether what was read is kept; off computes everything anew each time
 */
public record GenerateOptions(
    int maxNewTokens, Sampling sampling, boolean stopAtEos, boolean useKeyValueCache) {

  /** How the next token is chosen. */
  public sealed interface Sampling {
    /** The most likely. */
    record Greedy() implements Sampling {}

    /**
     * At random by the model's probabilities.
     *
     * @param temperature what logits are divided by, above 0
     * @param topK only from the so many most likely
     * @param topP only from the fewest that together are at least this likely, above 0, at most 1
     * @param seed gives the same text each time
     */
    record Random(double temperature, OptionalInt topK, double topP, long seed)
        implements Sampling {
      /** Refuses values that leave nothing to choose from. */
      public Random {
        if (!(temperature > 0) || Double.isInfinite(temperature)) {
          throw new IllegalArgumentException(
              "temperature " + temperature + ": expected above 0; use greedy for the limit of 0");
        }
        if (topK.isPresent() && topK.getAsInt() < 1) {
          throw new IllegalArgumentException("top-k " + topK.getAsInt() + ": expected 1 or more");
        }
        if (!(topP > 0) || topP > 1) {
          throw new IllegalArgumentException("top-p " + topP + ": expected above 0, at most 1");
        }
      }
    }
  }

  /** Is told of every token as it is chosen. */
  public interface Listener {
    /** Takes the next token of a row. */
    void onToken(int row, long token);
  }

  /** Refuses fewer than one token. */
  public GenerateOptions {
    if (maxNewTokens < 1) {
      throw new IllegalArgumentException("max new tokens " + maxNewTokens + ": expected 1 or more");
    }
  }

  /** Returns greedy choice of {@code maxNewTokens}, ending at the end token. */
  public static GenerateOptions greedy(int maxNewTokens) {
    return new GenerateOptions(maxNewTokens, new Sampling.Greedy(), true, true);
  }

  /** Returns random choice of {@code maxNewTokens} at temperature 1, ending at the end token. */
  public static GenerateOptions random(int maxNewTokens, long seed) {
    return new GenerateOptions(
        maxNewTokens, new Sampling.Random(1, OptionalInt.empty(), 1, seed), true, true);
  }

  /** Returns these options with another choice of tokens. */
  public GenerateOptions withSampling(Sampling changed) {
    return new GenerateOptions(maxNewTokens, changed, stopAtEos, useKeyValueCache);
  }

  /** Returns these options computing everything anew for each token. */
  public GenerateOptions withoutKeyValueCache() {
    return new GenerateOptions(maxNewTokens, sampling, stopAtEos, false);
  }

  /** Returns these options going on after the end token. */
  public GenerateOptions ignoringEos() {
    return new GenerateOptions(maxNewTokens, sampling, false, useKeyValueCache);
  }
}
