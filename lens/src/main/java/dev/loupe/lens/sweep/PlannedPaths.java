package dev.loupe.lens.sweep;

import java.util.List;

/**
 * How path patching of some prompts of one length is split.
 *
 * @param rows which prompts of the sweep they are
 * @param patching the same on these prompts
 * @param costs what it takes, with the layout that it follows
 * @param chunks cells that are computed together
 * @param unchanged cells that nothing which the metric reads depends on
 */
record PlannedPaths(
    List<Integer> rows,
    PathPatching patching,
    PathCosts costs,
    List<List<Integer>> chunks,
    List<Integer> unchanged) {
  PlannedPaths {
    rows = List.copyOf(rows);
    chunks = chunks.stream().map(List::copyOf).toList();
    unchanged = List.copyOf(unchanged);
  }

  PathLayout layout() {
    return costs.layout();
  }

  long tokens() {
    return (long) rows.size() * layout().length();
  }

  /** Returns the bytes held at once, as estimated. */
  long bytes() {
    int cells = chunks.stream().mapToInt(List::size).max().orElse(0);
    return costs.bytesHeld() + cells * costs.bytesPerCell();
  }
}
