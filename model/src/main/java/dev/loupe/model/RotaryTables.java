package dev.loupe.model;

import dev.loupe.tensor.DType;

/**
 * The rotary tables of a model: one, or, where the wavelengths depend on how long the sequence is,
 * one for up to the trained context and others made as they are needed.
 */
final class RotaryTables {
  private final Positions.Rotary rotary;
  private final DType dtype;
  private final int usual;
  private final RotaryTable table;

  RotaryTables(Positions.Rotary rotary, int nCtx, DType dtype) {
    this.rotary = rotary;
    this.dtype = dtype;
    usual =
        switch (rotary.scaling()) {
          case RotaryScaling.Dynamic dynamic -> Math.min(nCtx, dynamic.trainedContext());
          case RotaryScaling.LongRope rope -> Math.min(nCtx, rope.trainedContext());
          default -> nCtx;
        };
    table = RotaryTable.of(rotary, usual, dtype).unscoped();
  }

  /** Returns the table for a sequence of {@code length} tokens. */
  RotaryTable forLength(int length) {
    return length <= usual ? table : RotaryTable.of(rotary, length, dtype);
  }

  void free() {
    table.free();
  }
}
