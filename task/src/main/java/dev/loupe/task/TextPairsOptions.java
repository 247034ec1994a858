package dev.loupe.task;

import dev.loupe.model.Bos;

/**
 * Says how to read a data set of pairs of texts.
 *
 * @param clean the column with the prompts that show a behaviour
 * @param corrupted the column with those that do not; empty to read none, which makes each prompt
 *     its own corruption
 * @param answer the column with what is right after the clean prompt
 * @param wrong the column with what it is measured against; empty to read none
 * @param most how many rows to read at most, at least 1
 * @param bos whether every prompt begins with BOS
 */
public record TextPairsOptions(
    String clean, String corrupted, String answer, String wrong, int most, Bos bos) {
  /** Refuses fewer than one row, and columns without a name. */
  public TextPairsOptions {
    if (most < 1) {
      throw new IllegalArgumentException("most = " + most + ": expected 1 or more rows");
    }
    if (clean.isBlank() || answer.isBlank()) {
      throw new IllegalArgumentException(
          "columns clean '%s', answer '%s': expected the names of both".formatted(clean, answer));
    }
  }

  /** Every row of the columns clean, corrupted, answer and wrong. */
  public static TextPairsOptions defaults(Bos bos) {
    return new TextPairsOptions("clean", "corrupted", "answer", "wrong", Integer.MAX_VALUE, bos);
  }

  /** Returns these options with another limit. */
  public TextPairsOptions withMost(int most) {
    return new TextPairsOptions(clean, corrupted, answer, wrong, most, bos);
  }

  /** Returns these options without corrupted prompts: each prompt is its own corruption. */
  public TextPairsOptions withoutCorrupted() {
    return new TextPairsOptions(clean, "", answer, wrong, most, bos);
  }
}
