package dev.loupe.lens;

import dev.loupe.model.Tokens;

/**
 * Clean prompts, corrupted ones that line up with them, and what tells them apart.
 *
 * @param clean the prompts that show a behaviour
 * @param corrupted the prompts that do not, row by row of the same length
 * @param metric the logit difference that the behaviour shows in
 */
public record PromptPairs(Tokens clean, Tokens corrupted, LogitDifference metric) {
  /** Refuses batches that do not line up. */
  public PromptPairs {
    if (clean.batch() != corrupted.batch() || clean.batch() != metric.rows()) {
      throw new IllegalArgumentException(
          clean.batch()
              + " clean prompts, "
              + corrupted.batch()
              + " corrupted ones, metric of "
              + metric.rows()
              + " rows: expected as many of each");
    }
    for (int row = 0; row < clean.batch(); row++) {
      if (clean.start(row) != corrupted.start(row) || clean.last(row) != corrupted.last(row)) {
        throw new IllegalArgumentException(
            "row "
                + row
                + ": "
                + clean.row(row).length
                + " clean tokens, "
                + corrupted.row(row).length
                + " corrupted ones: expected as many, padded alike");
      }
    }
  }

  /** Returns the number of pairs. */
  public int size() {
    return clean.batch();
  }

  /** Returns the pairs {@code from} to {@code to} (exclusive). */
  public PromptPairs rows(int from, int to) {
    return new PromptPairs(clean.rows(from, to), corrupted.rows(from, to), metric.rows(from, to));
  }
}
