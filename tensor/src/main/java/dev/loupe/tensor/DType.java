package dev.loupe.tensor;

import org.bytedeco.pytorch.global.torch.ScalarType;

/** Element types that Loupe reads, computes with and writes. The names are those of safetensors. */
public enum DType {
  /** 64-bit float: the precision of oracles. */
  F64(8, true),
  /** 32-bit float: the default. */
  F32(4, true),
  /** IEEE half. */
  F16(2, true),
  /** bfloat16. */
  BF16(2, true),
  /** 64-bit integer: token ids and indices. */
  I64(8, false),
  /** 32-bit integer. */
  I32(4, false),
  /** Unsigned byte. */
  U8(1, false),
  /** One byte, 0 or 1. */
  BOOL(1, false);

  private final int bytes;
  private final boolean floating;

  DType(int bytes, boolean floating) {
    this.bytes = bytes;
    this.floating = floating;
  }

  /** Returns the bytes one element takes. */
  public int bytes() {
    return bytes;
  }

  /** Tells whether elements are floating-point numbers. */
  public boolean isFloating() {
    return floating;
  }

  // A switch, not a field: naming ScalarType in the constructor would load the native library.
  ScalarType scalarType() {
    return switch (this) {
      case F64 -> ScalarType.Double;
      case F32 -> ScalarType.Float;
      case F16 -> ScalarType.Half;
      case BF16 -> ScalarType.BFloat16;
      case I64 -> ScalarType.Long;
      case I32 -> ScalarType.Int;
      case U8 -> ScalarType.Byte;
      case BOOL -> ScalarType.Bool;
    };
  }

  static DType of(ScalarType type) {
    return switch (type.intern()) {
      case Double -> F64;
      case Float -> F32;
      case Half -> F16;
      case BFloat16 -> BF16;
      case Long -> I64;
      case Int -> I32;
      case Byte -> U8;
      case Bool -> BOOL;
      default -> throw new TensorException("libtorch type " + type + " is not one Loupe handles");
    };
  }
}
