package dev.loupe.task;

import java.util.SplittableRandom;

/**
 * A random order of the numbers 0 to {@code size - 1} that is never written down: a Feistel network
 * over the least square that holds them, walked until it is among them again.
 */
final class Shuffle {
  private static final int ROUNDS = 6;

  private final long size;
  private final int halfBits;
  private final long[] keys;

  Shuffle(long size, long seed) {
    this.size = size;
    this.halfBits = (Long.SIZE - Long.numberOfLeadingZeros(size) + 1) / 2;
    this.keys = new SplittableRandom(seed).longs(ROUNDS).toArray();
  }

  /** Returns which number comes at an index of this order. */
  long at(long index) {
    if (index < 0 || index >= size) {
      throw new IndexOutOfBoundsException(index + ": expected 0 to " + (size - 1));
    }
    long number = index;
    do {
      number = permuted(number);
    } while (number >= size);
    return number;
  }

  private long permuted(long number) {
    long mask = (1L << halfBits) - 1;
    long left = number >>> halfBits;
    long right = number & mask;
    for (long key : keys) {
      long mixed = left ^ (mix(right + key) & mask);
      left = right;
      right = mixed;
    }
    return left << halfBits | right;
  }

  /** The finisher of SplitMix64 (Steele et al., 2014). */
  private static long mix(long value) {
    long mixed = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
    return mixed ^ (mixed >>> 31);
  }
}
