package dev.loupe.task;

import dev.loupe.model.Bos;

/**
 * Says what to take from a file in the {@code mib-bench/ioi} layout.
 *
 * @param counterfactual the field with the corrupted prompt; the ending {@code _counterfactual} may
 *     be left off
 * @param maxPrompts the most examples to take, from the first row on, at least 1
 * @param bos whether every prompt begins with BOS
 */
public record MibIoiOptions(String counterfactual, int maxPrompts, Bos bos) {
  static final String SUFFIX = "_counterfactual";

  /** Completes the field's name; refuses fewer than one prompt. */
  public MibIoiOptions {
    counterfactual = counterfactual.endsWith(SUFFIX) ? counterfactual : counterfactual + SUFFIX;
    if (maxPrompts < 1) {
      throw new IllegalArgumentException("maxPrompts = " + maxPrompts + ": expected 1 or more");
    }
  }

  /** Every row, with the counterfactual that the benchmark's circuit track uses: S2 becomes IO. */
  public static MibIoiOptions defaults(Bos bos) {
    return new MibIoiOptions("s2_io_flip", Integer.MAX_VALUE, bos);
  }

  /** Returns these options with another counterfactual. */
  public MibIoiOptions withCounterfactual(String counterfactual) {
    return new MibIoiOptions(counterfactual, maxPrompts, bos);
  }

  /** Returns these options with another limit. */
  public MibIoiOptions withMaxPrompts(int maxPrompts) {
    return new MibIoiOptions(counterfactual, maxPrompts, bos);
  }
}
