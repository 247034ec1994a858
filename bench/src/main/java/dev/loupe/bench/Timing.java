package dev.loupe.bench;

import java.util.stream.IntStream;

/** How long something takes. */
final class Timing {
  private Timing() {}

  static double seconds(Runnable body) {
    long start = System.nanoTime();
    body.run();
    return (System.nanoTime() - start) / 1e9;
  }

  /** The first run warms up; of so many more, an odd number, the middle counts. */
  static double middle(int times, Runnable body) {
    body.run();
    return IntStream.range(0, times).mapToDouble(_ -> seconds(body)).sorted().toArray()[times / 2];
  }
}
