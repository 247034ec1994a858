package dev.loupe.task;

/**
 * Says which repeated sequences to make.
 *
 * @param prompts how many, at least 1
 * @param length how many random tokens are repeated, at least 3
 * @param repeated how many of them come again before the prompt ends, 1 to {@code length - 1}
 * @param seed of the random draws; the same options give the same prompts, fewer prompts the first
 *     of them
 */
public record RepeatedSequencesOptions(int prompts, int length, int repeated, long seed) {
  private static final int LEAST = 3;

  /** Refuses fewer than one prompt, short sequences, and a repetition without a next token. */
  public RepeatedSequencesOptions {
    if (prompts < 1) {
      throw new IllegalArgumentException("prompts = " + prompts + ": expected 1 or more");
    }
    if (length < LEAST) {
      throw new IllegalArgumentException("length = " + length + ": expected 3 or more tokens");
    }
    if (repeated < 1 || repeated >= length) {
      throw new IllegalArgumentException(
          "repeated = %d: expected 1 to %d, so that one of the %d tokens is left to be the answer"
              .formatted(repeated, length - 1, length));
    }
  }

  /** 50 prompts of 16 tokens, of which 8 come again, seed 0. */
  public static RepeatedSequencesOptions standard() {
    return new RepeatedSequencesOptions(50, 16, 8, 0);
  }

  /** Returns these options with another number of prompts. */
  public RepeatedSequencesOptions withPrompts(int prompts) {
    return new RepeatedSequencesOptions(prompts, length, repeated, seed);
  }

  /** Returns these options with sequences of another length, half of which come again. */
  public RepeatedSequencesOptions withLength(int length) {
    return new RepeatedSequencesOptions(prompts, length, Math.max(1, length / 2), seed);
  }

  /** Returns these options with another seed. */
  public RepeatedSequencesOptions withSeed(long seed) {
    return new RepeatedSequencesOptions(prompts, length, repeated, seed);
  }
}
