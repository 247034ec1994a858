package dev.loupe.lens.sweep;

import dev.loupe.lens.Metric;
import dev.loupe.model.ModelConfig;

/** What parts of a model cost, a row being one token of one prompt. */
final class Costs {
  // Below this, products gain little from more rows, and an interruption waits for no more.
  private static final double LAYER_FLOPS = 40e9;
  private static final int MOST_ROWS = 2048;

  private final ModelConfig config;
  private final Metric.Reads reads;
  private final int elementBytes;

  Costs(ModelConfig config, Metric metric, int elementBytes) {
    this.config = config;
    reads = metric.reads();
    this.elementBytes = elementBytes;
  }

  /** Returns the floating-point operations of keys and values of a row. */
  double keysAndValues() {
    return 4.0 * config.dModel() * config.dHead() * config.nKeyValueHeads();
  }

  /** Returns those of attention of a row that attends to {@code length} positions. */
  double attention(int length) {
    double queries = 4.0 * config.dModel() * config.dHead() * config.nHeads();
    return queries + keysAndValues() + 4.0 * length * config.dHead() * config.nHeads();
  }

  /** Returns those of the MLP of a row. */
  double mlp() {
    return 2.0 * config.dModel() * config.dMlp() * (config.gatedMlp() ? 3 : 2);
  }

  /** Returns those of a block of a row. */
  double block(int length) {
    return attention(length) + mlp();
  }

  /** Returns those of all logits of a row. */
  double logits() {
    return 2.0 * config.dModel() * config.dVocab();
  }

  /** Returns those of a whole run of a prompt, logits of every position included. */
  double wholeRun(int length) {
    return length * (config.nLayers() * block(length) + logits());
  }

  /**
   * Returns those of a cell on one prompt.
   *
   * @param rows the rows of its entry's block that are computed for it
   */
  double cell(PlannedCell cell, Rows rows, int length, boolean readsAll) {
    int suffix = length - cell.from();
    int later = config.nLayers() - 1 - cell.layer();
    double flops = readsAll ? suffix * logits() : reads == Metric.Reads.LAST ? logits() : 0;
    double last = readsAll ? suffix * block(length) : block(length) + suffix * keysAndValues();
    if (later > 0) {
      flops += (later - 1) * suffix * block(length) + last;
    }
    return flops
        + switch (cell.entry()) {
          case AFTER -> 0;
          case NOTHING, WHOLE -> throw notPlanned(cell);
          case BLOCK -> later > 0 ? suffix * block(length) : last;
          case MLP -> rows.count() * mlp();
        };
  }

  /** Returns how many rows of blocks are computed of a cell on one prompt, in whole or in part. */
  long rows(PlannedCell cell, Rows rows, int length, boolean readsAll) {
    long suffix = (long) length - cell.from();
    long later = config.nLayers() - 1L - cell.layer();
    return switch (cell.entry()) {
      case NOTHING, WHOLE -> throw notPlanned(cell);
      case BLOCK -> suffix * (later + 1);
      case MLP, AFTER -> rows.count() + suffix * later;
    };
  }

  private static IllegalStateException notPlanned(PlannedCell cell) {
    return new IllegalStateException("cell " + cell.cell() + " is not of a chunk: " + cell.entry());
  }

  /** Returns the bytes that a row takes while a block is computed. */
  long bytesPerRow(int length) {
    long mlp = (config.gatedMlp() ? 5L : 3L) * config.dMlp();
    long attention = 6L * config.nHeads() * length;
    return elementBytes * (20L * config.dModel() + mlp + attention);
  }

  /** Returns the bytes that reading the metric of one prompt takes, with {@code suffix} rows. */
  long bytesPerRead(int suffix) {
    long vocabulary = 3L * elementBytes * config.dVocab();
    return switch (reads) {
      case ANSWERS -> 0;
      case LAST -> vocabulary;
      case EVERY -> vocabulary * suffix;
    };
  }

  /** Returns the most rows worth computing at once. */
  int mostRows(int length) {
    return (int) Math.clamp(LAYER_FLOPS / block(length), 16, MOST_ROWS);
  }

  int elementBytes() {
    return elementBytes;
  }
}
