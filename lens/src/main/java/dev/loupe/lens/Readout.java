package dev.loupe.lens;

import dev.loupe.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * What a metric reads: logits of several runs over the same prompts, all of one length.
 *
 * @param logits {@link Metric.Reads#ANSWERS}: [run, prompt, column]; LAST: [run, prompt, d_vocab];
 *     EVERY: [run, prompt, pos, d_vocab], the positions from {@code from} to the last
 * @param columns the tokens of the columns where {@code logits} has only those of the answers;
 *     empty where it has the whole vocabulary
 * @param answers of these prompts
 * @param tokens of these prompts, as the base run reads them
 * @param from the first position of {@code logits} of EVERY
 * @param base what the base run has, where the metric reads more than answers; empty while the base
 *     run itself is read
 */
public record Readout(
    Tensor logits,
    List<Long> columns,
    Answers answers,
    List<List<Long>> tokens,
    int from,
    Optional<Base> base) {
  /** Copies the lists. */
  public Readout {
    columns = List.copyOf(columns);
    tokens = tokens.stream().map(List::copyOf).toList();
  }

  /**
   * What the base run has.
   *
   * @param logits [prompt, d_vocab] of LAST; [prompt, pos, d_vocab] of EVERY, all positions
   */
  public record Base(Tensor logits) {}
}
