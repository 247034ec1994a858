package dev.loupe.task;

import dev.loupe.model.Bos;

/**
 * Says which spans of years to make.
 *
 * @param prompts how many, at least 1
 * @param seed of the random draws; the same options give the same prompts, fewer prompts the first
 *     of them
 * @param bos whether every prompt begins with BOS
 */
public record YearSpansOptions(int prompts, long seed, Bos bos) {
  /** Refuses fewer than one prompt. */
  public YearSpansOptions {
    if (prompts < 1) {
      throw new IllegalArgumentException("prompts = " + prompts + ": expected 1 or more");
    }
  }

  /** 100 prompts, seed 0. */
  public static YearSpansOptions defaults(Bos bos) {
    return new YearSpansOptions(100, 0, bos);
  }

  /** Returns these options with another number of prompts. */
  public YearSpansOptions withPrompts(int prompts) {
    return new YearSpansOptions(prompts, seed, bos);
  }

  /** Returns these options with another seed. */
  public YearSpansOptions withSeed(long seed) {
    return new YearSpansOptions(prompts, seed, bos);
  }
}
