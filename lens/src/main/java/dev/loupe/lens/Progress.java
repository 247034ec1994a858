package dev.loupe.lens;

/** Is told how far long work has come. */
public interface Progress {
  /** Takes how many of {@code total} steps are done. */
  void at(long done, long total);

  /** Returns one that tells nobody. */
  static Progress none() {
    return (done, total) -> {};
  }
}
