package dev.loupe.study.verify;

import dev.loupe.lens.Head;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/** What a publication says. */
public sealed interface Published {
  /**
   * Numbers.
   *
   * @param values by the label that the computation has for each
   * @param decimals how many were printed at most
   * @param whole whether the computation must give these and no more, as of a grid
   */
  record Numbers(SequencedMap<String, Double> values, int decimals, boolean whole)
      implements Published {
    /** Copies the map, order kept. */
    public Numbers {
      values = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(values));
      if (values.isEmpty()) {
        throw new IllegalArgumentException("no published value: expected at least one");
      }
    }
  }

  /**
   * Heads that a publication names, without numbers to compare.
   *
   * @param heads each once
   */
  record Heads(List<Head> heads) implements Published {
    /** Copies the list; refuses none, and a head twice. */
    public Heads {
      heads = List.copyOf(heads);
      if (heads.isEmpty() || heads.stream().distinct().count() < heads.size()) {
        throw new IllegalArgumentException("heads " + heads + ": expected one or more, each once");
      }
    }
  }
}
