package dev.loupe.lens;

/** Which run is intervened in, and which run values are taken from. */
public enum PatchDirection {
  /** Clean values into the corrupted run: what brings the behaviour back. */
  DENOISING,
  /** Corrupted values into the clean run: what breaks the behaviour. */
  NOISING;

  /** Returns {@code denoising} or {@code noising}. */
  @Override
  public String toString() {
    return this == DENOISING ? "denoising" : "noising";
  }

  /** Says it in full: {@code denoising (clean values into the corrupted run)}. */
  public String describe() {
    return this == DENOISING
        ? "denoising (clean values into the corrupted run)"
        : "noising (corrupted values into the clean run)";
  }
}
