package dev.loupe.study.years;

import dev.loupe.study.StudyContext;
import dev.loupe.task.TaskData;
import dev.loupe.task.YearSpans;
import dev.loupe.task.YearSpansOptions;

/**
 * Which spans of years a study takes.
 *
 * @param count how many
 * @param seed of their making
 * @param bos whether prompts begin with BOS where the tokenizer has one
 */
public record YearPrompts(int count, long seed, boolean bos) {
  /** Refuses fewer than one prompt. */
  public YearPrompts {
    if (count < 1) {
      throw new IllegalArgumentException("count " + count + ": expected 1 or more prompts");
    }
  }

  TaskData make(StudyContext context) {
    var tokenizer = context.model().tokenizer();
    var how = context.bos(bos);
    return YearSpans.generate(tokenizer, new YearSpansOptions(count, seed, how));
  }
}
