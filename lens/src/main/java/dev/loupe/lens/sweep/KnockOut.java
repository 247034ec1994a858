package dev.loupe.lens.sweep;

import dev.loupe.lens.Estimate;
import java.util.stream.IntStream;

/**
 * What a knock-out did to the clean prompts.
 *
 * @param before the metric of the clean prompts
 * @param after the metric with the components ablated
 * @param effect after minus before, prompt by prompt
 */
public record KnockOut(Estimate before, Estimate after, Estimate effect) {
  /** Reads a sweep of one cell that is complete. */
  static KnockOut of(SweepResult result) {
    double[] before = result.cleanByPrompt();
    double[] after = result.byPrompt(0);
    double[] effect =
        IntStream.range(0, before.length).mapToDouble(i -> after[i] - before[i]).toArray();
    return new KnockOut(Estimate.of(before), Estimate.of(after), Estimate.of(effect));
  }
}
