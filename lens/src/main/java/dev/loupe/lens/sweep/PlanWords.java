package dev.loupe.lens.sweep;

import dev.loupe.lens.PatchDirection;
import java.util.Locale;

/** The lines that all plans have. */
final class PlanWords {
  private PlanWords() {}

  static String cells(int cells, int prompts, long tokens, PatchDirection direction) {
    return String.format(
        Locale.ROOT,
        "%,d cells x %,d prompts of %,d tokens, %s",
        cells,
        prompts,
        tokens,
        direction.describe());
  }

  static String baseRuns(long rows) {
    return String.format(
        Locale.ROOT, "base runs: %,d rows of blocks, clean and corrupted prompts together", rows);
  }

  static String arithmetic(double flops, double naiveFlops) {
    return String.format(
        Locale.ROOT,
        "arithmetic: %.3g of %.3g GFLOP (1 / %.1f)",
        flops / 1e9,
        naiveFlops / 1e9,
        naiveFlops / flops);
  }

  static String memory(long bytes, SweepOptions options) {
    return String.format(
        Locale.ROOT,
        "memory: about %,d MiB of %,d MiB allowed",
        bytes >> 20,
        options.memory() >> 20);
  }

  static String chunks(int chunks, int blocks, SweepOptions options) {
    return String.format(
        Locale.ROOT,
        "chunks: %,d in %,d blocks of prompts, %d at a time",
        chunks,
        blocks,
        options.threads());
  }
}
