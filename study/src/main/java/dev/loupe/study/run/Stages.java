package dev.loupe.study.run;

import dev.loupe.lens.Progress;

/** Is told of the stages of a study while it runs. */
@FunctionalInterface
public interface Stages {
  /**
   * Takes that a stage begins, and the one before it is over; returns who is told how far it is.
   */
  Progress begin(String what);

  /** Returns one that tells nobody. */
  static Stages silent() {
    return _ -> Progress.none();
  }
}
