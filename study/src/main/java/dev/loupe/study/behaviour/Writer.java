package dev.loupe.study.behaviour;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.sweep.SweepResult;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A head that writes the answer: itself or through MLPs, but through no other head.
 *
 * @param head the head
 * @param loss the share of the gap between clean and corrupted prompts that is lost where its paths
 *     to the logits carry corrupted values; above 0
 * @param share what it and those before it have of the losses of all such heads
 */
public record Writer(Head head, Estimate loss, double share) {
  /**
   * Returns all of them, the one that writes most first.
   *
   * @param toLogits paths of every head to the final residual stream, by layer and head
   */
  static List<Writer> of(SweepResult toLogits) {
    int heads = toLogits.axes().getLast().size();
    var adding =
        IntStream.range(0, toLogits.size())
            .mapToObj(i -> new Writer(new Head(i / heads, i % heads), toLogits.loss(i), 0))
            .filter(writer -> writer.loss().mean() > 0)
            .sorted(Comparator.comparingDouble((Writer it) -> it.loss().mean()).reversed())
            .toList();
    double all = adding.stream().mapToDouble(it -> it.loss().mean()).sum();
    double sum = 0;
    var ranked = new ArrayList<Writer>();
    for (var writer : adding) {
      sum += writer.loss().mean();
      ranked.add(new Writer(writer.head(), writer.loss(), sum / all));
    }
    return ranked;
  }
}
