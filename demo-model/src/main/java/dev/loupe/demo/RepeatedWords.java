package dev.loupe.demo;

import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A sequence of random words, written twice: only by looking back can the second time be predicted.
 */
final class RepeatedWords {

  private final List<String> words;

  /**
   * @param vocabulary words with their leading space
   */
  RepeatedWords(List<String> vocabulary) {
    this.words = vocabulary.stream().filter(w -> w.startsWith(" ") && w.length() > 1).toList();
  }

  /**
   * Writes a sequence of {@code length} words twice: the prompt is the first time, the answer the
   * second.
   */
  Example of(int length, RandomGenerator random) {
    var once =
        Stream.generate(() -> Pick.from(words, random)).limit(length).collect(Collectors.joining());
    return Example.of(once, once);
  }

  Example train(RandomGenerator random) {
    return of(random.nextInt(4, 15), random);
  }
}
