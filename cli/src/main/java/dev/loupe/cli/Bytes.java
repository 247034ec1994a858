package dev.loupe.cli;

import java.util.Locale;

/** Shows sizes of files. */
final class Bytes {
  static final long KIBI = 1 << 10;
  static final long MEBI = 1 << 20;

  private Bytes() {}

  /** Returns a size such as {@code 523.4 MiB}. */
  static String show(long bytes) {
    if (bytes < KIBI) {
      return bytes + " bytes";
    }
    boolean large = bytes >= MEBI;
    return String.format(
        Locale.ROOT, "%.1f %s", bytes / (double) (large ? MEBI : KIBI), large ? "MiB" : "kiB");
  }
}
