package dev.loupe.lens.sweep;

import dev.loupe.lens.Change;
import java.util.Optional;

/** A run that values are taken from. */
sealed interface Source {
  /** The sweep's source run. */
  record Plain() implements Source {}

  /**
   * The source run of another prompt.
   *
   * @param seed which other prompt each gets
   */
  record Resampled(long seed) implements Source {}

  /** Returns the run that a change takes values from, if it takes any. */
  static Optional<Source> of(Change change) {
    return switch (change) {
      case Change.Patch _, Change.PatchAlong _ -> Optional.of(new Plain());
      case Change.Resample resample -> Optional.of(new Resampled(resample.seed()));
      default -> Optional.empty();
    };
  }
}
