package dev.loupe.lens.sweep;

/** Where the run of a cell leaves the base run. */
enum Entry {
  /** Nowhere: it changes nothing that the metric reads. */
  NOTHING,
  /** Before a block, which is computed whole. */
  BLOCK,
  /** Between attention and MLP of a block: what attention adds follows from the base run. */
  MLP,
  /** After a block: what the block adds follows from the base run. */
  AFTER,
  /** At its first token: it is computed as a whole run. */
  WHOLE
}
