package dev.loupe.lens.sweep;

import java.util.List;
import java.util.stream.IntStream;

/** Which positions of each prompt of a block an intervention can change. */
final class Extent {
  private final boolean[][] changes;
  private final int first;
  private final boolean reachesLast;
  private final List<Integer> single;

  /** Holds {@code changes}, by prompt and position; it is not copied. */
  Extent(boolean[][] changes) {
    this.changes = changes;
    int earliest = Integer.MAX_VALUE;
    boolean last = false;
    var columns = new Integer[changes.length];
    boolean one = true;
    for (int prompt = 0; prompt < changes.length; prompt++) {
      boolean[] row = changes[prompt];
      int[] at = IntStream.range(0, row.length).filter(i -> row[i]).toArray();
      if (at.length > 0) {
        earliest = Math.min(earliest, at[0]);
        columns[prompt] = at[0];
      }
      one &= at.length == 1;
      last |= row[row.length - 1];
    }
    first = earliest;
    reachesLast = last;
    single = one ? List.of(columns) : List.of();
  }

  boolean at(int prompt, int position) {
    return changes[prompt][position];
  }

  boolean isNothing() {
    return first == Integer.MAX_VALUE;
  }

  /** Returns the first position of any prompt. */
  int first() {
    return first;
  }

  /** Tells whether the last position of any prompt is among them. */
  boolean reachesLast() {
    return reachesLast;
  }

  /** Returns the position of every prompt where that is exactly one, else none. */
  List<Integer> single() {
    return single;
  }
}
