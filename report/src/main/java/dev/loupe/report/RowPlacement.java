package dev.loupe.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Set things that stand in rows beside each other, so that few of the links between rows cross and
 * that each stands near what it is linked to: barycentres in alternating sweeps, as Sugiyama,
 * Tagawa and Toda (1981) order a layered graph, the best order seen being kept.
 */
final class RowPlacement {
  /**
   * Join two things of different rows.
   *
   * @param lower index of the one in an earlier row
   * @param upper index of the other
   */
  record Link(int lower, int upper) {}

  private static final int SWEEPS = 16;
  private static final int STRAIGHTENINGS = 40;

  /** Above this many, crossings are not counted: there is no order that looks tidy. */
  private static final int COUNTED = 600;

  private final List<List<Integer>> rows;
  private final List<Link> links;
  private final double[] widths;
  private final double room;
  private final int[] rowOf;
  private final List<List<Integer>> below = new ArrayList<>();
  private final List<List<Integer>> above = new ArrayList<>();
  private double[] middles;

  private RowPlacement(List<List<Integer>> rows, double[] widths, List<Link> links, double room) {
    this.rows = rows.stream().<List<Integer>>map(ArrayList::new).toList();
    this.widths = widths;
    this.links = links;
    this.room = room;
    rowOf = new int[widths.length];
    middles = new double[widths.length];
    for (int i = 0; i < widths.length; i++) {
      below.add(new ArrayList<>());
      above.add(new ArrayList<>());
    }
    for (int row = 0; row < rows.size(); row++) {
      for (int thing : rows.get(row)) {
        rowOf[thing] = row;
      }
    }
    for (Link link : links) {
      below.get(link.upper()).add(link.lower());
      above.get(link.lower()).add(link.upper());
    }
  }

  /**
   * Return the middle of each thing.
   *
   * @param rows from one side to the other, each in its natural order; every thing in one row
   * @param widths what each thing takes, the gap beside it included
   * @param links between things of different rows
   * @param room the width of all, no less than the widest row takes
   */
  static double[] middles(
      List<List<Integer>> rows, double[] widths, List<Link> links, double room) {
    return new RowPlacement(rows, widths, links, room).place();
  }

  private double[] place() {
    rows.forEach(row -> set(row, new double[row.size()], true));
    double[] best = middles.clone();
    long fewest = crossings();
    for (int sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
      boolean up = sweep % 2 == 0;
      for (int i = 0; i < rows.size(); i++) {
        List<Integer> row = rows.get(up ? i : rows.size() - 1 - i);
        settle(row, up ? below : above);
      }
      long crossings = crossings();
      if (crossings < fewest || links.size() > COUNTED) {
        fewest = crossings;
        best = middles.clone();
      }
    }
    middles = best;
    rows.forEach(row -> row.sort(Comparator.comparingDouble(thing -> middles[thing])));
    for (int i = 0; i < STRAIGHTENINGS; i++) {
      for (List<Integer> row : i % 2 == 0 ? rows : rows.reversed()) {
        double[] wanted = row.stream().mapToDouble(thing -> wanted(thing, below, above)).toArray();
        set(row, wanted, false);
      }
    }
    return centred();
  }

  /** Return all of it moved to the middle of the room. */
  private double[] centred() {
    double left = room;
    double right = 0;
    for (int i = 0; i < middles.length; i++) {
      left = Math.min(left, middles[i] - widths[i] / 2);
      right = Math.max(right, middles[i] + widths[i] / 2);
    }
    double by = (room - left - right) / 2;
    return Arrays.stream(middles).map(middle -> middle + by).toArray();
  }

  /** Order a row by what it is linked to on one side, and set it there. */
  private void settle(List<Integer> row, List<List<Integer>> side) {
    double[] wanted = new double[widths.length];
    for (int thing : row) {
      wanted[thing] = wanted(thing, side, side);
    }
    row.sort(
        Comparator.comparingDouble((Integer thing) -> wanted[thing])
            .thenComparingDouble(thing -> middles[thing]));
    set(row, row.stream().mapToDouble(thing -> wanted[thing]).toArray(), false);
  }

  private double wanted(int thing, List<List<Integer>> left, List<List<Integer>> right) {
    double low = mean(left.get(thing), middles[thing]);
    double high = mean(right.get(thing), middles[thing]);
    if (left.get(thing).isEmpty()) {
      return high;
    }
    return right.get(thing).isEmpty() ? low : (low + high) / 2;
  }

  private double mean(List<Integer> things, double otherwise) {
    return things.stream().mapToDouble(thing -> middles[thing]).average().orElse(otherwise);
  }

  /**
   * Set a row in its order, each as near as may be to where it is wanted (least squares, by pooling
   * those that would overlap), or all of it in the middle.
   */
  private void set(List<Integer> row, double[] wanted, boolean centred) {
    int count = row.size();
    double[] offsets = new double[count];
    double total = 0;
    for (int i = 0; i < count; i++) {
      double width = widths[row.get(i)];
      offsets[i] = total + width / 2;
      total += width;
    }
    double[] starts = new double[count];
    if (centred) {
      Arrays.fill(starts, (room - total) / 2);
    } else {
      double[] free = new double[count];
      Arrays.setAll(free, i -> wanted[i] - offsets[i]);
      starts = rising(free);
    }
    for (int i = 0; i < count; i++) {
      middles[row.get(i)] = Math.clamp(starts[i], 0, Math.max(0, room - total)) + offsets[i];
    }
  }

  /** Return the values nearest to these that never fall. */
  private static double[] rising(double[] values) {
    double[] means = new double[values.length];
    int[] sizes = new int[values.length];
    int pools = 0;
    for (double value : values) {
      means[pools] = value;
      sizes[pools++] = 1;
      while (pools > 1 && means[pools - 2] > means[pools - 1]) {
        int size = sizes[pools - 2] + sizes[pools - 1];
        means[pools - 2] =
            (means[pools - 2] * sizes[pools - 2] + means[pools - 1] * sizes[pools - 1]) / size;
        sizes[pools - 2] = size;
        pools--;
      }
    }
    double[] rising = new double[values.length];
    int at = 0;
    for (int pool = 0; pool < pools; pool++) {
      Arrays.fill(rising, at, at + sizes[pool], means[pool]);
      at += sizes[pool];
    }
    return rising;
  }

  /** Count links that cross, as straight lines between evenly spaced rows. */
  private long crossings() {
    if (links.size() > COUNTED) {
      return Long.MAX_VALUE;
    }
    return IntStream.range(0, links.size())
        .mapToLong(
            i -> IntStream.range(0, i).filter(j -> cross(links.get(i), links.get(j))).count())
        .sum();
  }

  private boolean cross(Link a, Link b) {
    int low = Math.max(rowOf[a.lower()], rowOf[b.lower()]);
    int high = Math.min(rowOf[a.upper()], rowOf[b.upper()]);
    return low < high && (at(a, low) - at(b, low)) * (at(a, high) - at(b, high)) < 0;
  }

  private double at(Link link, int row) {
    double from = rowOf[link.lower()];
    double part = (row - from) / (rowOf[link.upper()] - from);
    return middles[link.lower()] + part * (middles[link.upper()] - middles[link.lower()]);
  }
}
