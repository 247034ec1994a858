package dev.loupe.demo;

/** Decides by a hash which combinations of words the training never sees. */
final class HeldOut {

  private static final int PERCENT = 15;

  private HeldOut() {}

  /** Says whether two words are held out together, in either order. */
  static boolean pair(String first, String second) {
    return first.compareTo(second) <= 0 ? ordered(first, second) : ordered(second, first);
  }

  private static boolean ordered(String first, String second) {
    long hash = (first + '|' + second).hashCode() * 0x9E3779B97F4A7C15L;
    return Math.floorMod(hash >>> 20, 100) < PERCENT;
  }
}
