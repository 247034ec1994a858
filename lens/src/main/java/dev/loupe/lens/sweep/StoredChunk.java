package dev.loupe.lens.sweep;

import java.util.List;

/** The results of one chunk. */
final class StoredChunk {
  private final List<Integer> cells;
  private final List<Integer> rows;
  private final double[] clean;
  private final double[] corrupted;
  private final double[][] values;

  /**
   * Holds the results of a chunk.
   *
   * @param cells the cells
   * @param rows the prompts
   * @param clean the clean metric of these prompts
   * @param corrupted the corrupted metric of these prompts
   * @param values by cell and prompt
   */
  StoredChunk(
      List<Integer> cells,
      List<Integer> rows,
      double[] clean,
      double[] corrupted,
      double[][] values) {
    this.cells = List.copyOf(cells);
    this.rows = List.copyOf(rows);
    this.clean = clean.clone();
    this.corrupted = corrupted.clone();
    this.values = values;
  }

  List<Integer> cells() {
    return cells;
  }

  List<Integer> rows() {
    return rows;
  }

  double[] clean() {
    return clean.clone();
  }

  double[] corrupted() {
    return corrupted.clone();
  }

  double[][] values() {
    return values;
  }
}
