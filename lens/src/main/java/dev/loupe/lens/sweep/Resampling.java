package dev.loupe.lens.sweep;

import dev.loupe.model.Tokens;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** Gives every prompt another one to take values from. */
final class Resampling {
  private Resampling() {}

  /**
   * Returns for each row another row of the same length, drawn at random; itself where no other has
   * that length.
   */
  static int[] partners(Tokens source, long seed) {
    var random = new SplittableRandom(seed);
    var byLength = new TreeMap<Integer, List<Integer>>();
    for (int row = 0; row < source.batch(); row++) {
      byLength.computeIfAbsent(source.row(row).length, l -> new ArrayList<>()).add(row);
    }
    var partners = new int[source.batch()];
    for (var rows : byLength.values()) {
      for (int i = 0; i < rows.size(); i++) {
        int step = rows.size() == 1 ? 0 : 1 + random.nextInt(rows.size() - 1);
        partners[rows.get(i)] = rows.get((i + step) % rows.size());
      }
    }
    return partners;
  }
}
