package dev.loupe.lens;

/** Is told how far long work has come. */
public interface Progress {
  /** Takes how many of {@code total} steps are done. */
  void at(long done, long total);

  /** Takes a remark on the work, such as that it had to be cut smaller. */
  default void note(String remark) {}

  /** Returns one that tells nobody. */
  static Progress none() {
    return (done, total) -> {};
  }
}
