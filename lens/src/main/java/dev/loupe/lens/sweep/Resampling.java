package dev.loupe.lens.sweep;

import dev.loupe.model.Tokens;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** Draws for each prompt another one whose activations it is given. */
final class Resampling {
  private Resampling() {}

  /**
   * Returns for each row the row that it gets the values of: one of the same length, another than
   * itself wherever there is one. Every row is given away exactly once. The same rows and seed give
   * the same partners on every machine.
   *
   * @param source the prompts of the source run
   */
  static int[] partners(Tokens source, long seed) {
    var byLength = new TreeMap<Integer, List<Integer>>();
    for (int row = 0; row < source.batch(); row++) {
      byLength.computeIfAbsent(source.row(row).length, _ -> new ArrayList<>()).add(row);
    }
    var partners = new int[source.batch()];
    var random = new SplittableRandom(seed);
    for (var rows : byLength.values()) {
      shuffle(rows, random);
      for (int i = 0; i < rows.size(); i++) {
        partners[rows.get(i)] = rows.get((i + 1) % rows.size());
      }
    }
    return partners;
  }

  private static void shuffle(List<Integer> rows, SplittableRandom random) {
    for (int i = rows.size() - 1; i > 0; i--) {
      int other = random.nextInt(i + 1);
      int row = rows.get(i);
      rows.set(i, rows.get(other));
      rows.set(other, row);
    }
  }
}
