package dev.loupe.study.ioi;

import dev.loupe.study.StudyContext;
import dev.loupe.task.Corruption;
import dev.loupe.task.IndirectObject;
import dev.loupe.task.IndirectObjectOptions;
import dev.loupe.task.MibIoi;
import dev.loupe.task.MibIoiOptions;
import dev.loupe.task.TaskData;

/**
 * Which indirect-object prompts a study takes: generated, or read from a file.
 *
 * @param count how many
 * @param seed of generated prompts
 * @param corruption of generated prompts: {@code name-swap} or {@code abc}
 * @param file in mib-bench/ioi layout, Parquet or JSON lines; empty to generate prompts
 * @param counterfactual which field of the file corrupts; not read of generated prompts
 * @param bos whether prompts begin with BOS where the tokenizer has one
 */
public record IoiPrompts(
    int count, long seed, String corruption, String file, String counterfactual, boolean bos) {
  /** Refuses fewer than one prompt, and a corruption that there is not. */
  public IoiPrompts {
    if (count < 1) {
      throw new IllegalArgumentException("count " + count + ": expected 1 or more prompts");
    }
    var _ = Corruption.parse(corruption);
  }

  /** Returns 100 generated prompts of seed 0. */
  public static IoiPrompts generated(Corruption corruption) {
    return new IoiPrompts(100, 0, corruption.toString(), "", "s2_io_flip_counterfactual", true);
  }

  /**
   * Makes or reads them.
   *
   * @throws IllegalArgumentException if the model's vocabulary lacks the words, or the file is
   *     wrong
   */
  public TaskData read(StudyContext context) {
    var tokenizer = context.model().tokenizer();
    var how = context.bos(bos);
    return file.isEmpty()
        ? IndirectObject.generate(
            tokenizer, new IndirectObjectOptions(count, seed, Corruption.parse(corruption), how))
        : MibIoi.read(context.file(file), tokenizer, new MibIoiOptions(counterfactual, count, how));
  }
}
