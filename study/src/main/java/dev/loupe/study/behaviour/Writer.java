package dev.loupe.study.behaviour;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.attribution.Attribution;
import dev.loupe.lens.attribution.Contributor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A head that adds to the answer directly.
 *
 * @param head the head
 * @param adds to the logit difference, in logits
 * @param share what it and those before it have of all that such heads add
 */
public record Writer(Head head, Estimate adds, double share) {
  /** Returns all of them, the one that adds most first. */
  static List<Writer> of(Attribution heads) {
    var adding = new ArrayList<Writer>();
    for (var part : heads.parts()) {
      if (part.contributor() instanceof Contributor.OfHead(var head) && part.value().mean() > 0) {
        adding.add(new Writer(head, part.value(), 0));
      }
    }
    adding.sort(Comparator.comparingDouble((Writer it) -> it.adds().mean()).reversed());
    double all = adding.stream().mapToDouble(it -> it.adds().mean()).sum();
    double sum = 0;
    var ranked = new ArrayList<Writer>();
    for (var writer : adding) {
      sum += writer.adds().mean();
      ranked.add(new Writer(writer.head(), writer.adds(), sum / all));
    }
    return ranked;
  }
}
