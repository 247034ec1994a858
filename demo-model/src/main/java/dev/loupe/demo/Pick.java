package dev.loupe.demo;

import java.util.List;
import java.util.random.RandomGenerator;

/** Draws from lists. */
final class Pick {

  private Pick() {}

  static <T> T from(List<T> items, RandomGenerator random) {
    return items.get(random.nextInt(items.size()));
  }

  static boolean chance(double probability, RandomGenerator random) {
    return random.nextDouble() < probability;
  }
}
