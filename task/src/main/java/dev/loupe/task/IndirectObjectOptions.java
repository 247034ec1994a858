package dev.loupe.task;

import dev.loupe.model.Bos;

/**
 * Says which indirect-object prompts to make.
 *
 * @param prompts how many, at least 1
 * @param seed of the random draws; the same options give the same prompts, fewer prompts the first
 *     of them, another corruption the same clean prompts
 * @param corruption how the corrupted prompts are made
 * @param bos whether every prompt begins with BOS
 */
public record IndirectObjectOptions(int prompts, long seed, Corruption corruption, Bos bos) {
  /** Refuses fewer than one prompt. */
  public IndirectObjectOptions {
    if (prompts < 1) {
      throw new IllegalArgumentException("prompts = " + prompts + ": expected 1 or more");
    }
  }

  /** 100 prompts, seed 0, names swapped. */
  public static IndirectObjectOptions defaults(Bos bos) {
    return new IndirectObjectOptions(100, 0, Corruption.NAME_SWAP, bos);
  }

  /** Returns these options with another number of prompts. */
  public IndirectObjectOptions withPrompts(int prompts) {
    return new IndirectObjectOptions(prompts, seed, corruption, bos);
  }

  /** Returns these options with another seed. */
  public IndirectObjectOptions withSeed(long seed) {
    return new IndirectObjectOptions(prompts, seed, corruption, bos);
  }

  /** Returns these options with another corruption. */
  public IndirectObjectOptions withCorruption(Corruption corruption) {
    return new IndirectObjectOptions(prompts, seed, corruption, bos);
  }
}
