package dev.loupe.task;

import dev.loupe.model.Tokenizer;
import java.nio.file.Path;

/** Reads pairs of prompts with their answers from a user's file: JSON lines, CSV or Parquet. */
public final class TextPairs {
  private TextPairs() {}

  /**
   * Reads a file. An answer is one token, such as {@code " Mary"} with its leading space; several
   * are separated by {@code |} or given as a JSON list.
   *
   * @return examples with the position END
   * @throws IllegalArgumentException if the file is absent or malformed, lacks a column, an answer
   *     is not one token, or the two prompts of a row have not as many tokens; naming file, row and
   *     column
   */
  public static TaskData read(Path file, Tokenizer tokenizer, TextPairsOptions options) {
    throw new UnsupportedOperationException(file + "" + tokenizer + options);
  }
}
