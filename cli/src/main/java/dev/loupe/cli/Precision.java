package dev.loupe.cli;

import dev.loupe.tensor.DType;
import java.util.Locale;

/** What a model computes in, as the command line spells it. */
enum Precision {
  /** 32-bit float. */
  F32,
  /** 64-bit float. */
  F64;

  // A switch, not a field: the help must not load what stands behind DType.
  DType dtype() {
    return switch (this) {
      case F32 -> DType.F32;
      case F64 -> DType.F64;
    };
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
