package dev.loupe.lens;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * The tokens that are right after each prompt, and those they are measured against.
 *
 * @param right at least one token a prompt
 * @param wrong for each prompt any number of tokens, none in common with the right ones
 */
public record Answers(List<List<Long>> right, List<List<Long>> wrong) {
  /** Copies the lists; refuses prompts without an answer and tokens that are right and wrong. */
  public Answers {
    right = right.stream().map(List::copyOf).toList();
    wrong = wrong.stream().map(List::copyOf).toList();
    if (right.size() != wrong.size() || right.isEmpty()) {
      throw new IllegalArgumentException(
          "answers of "
              + right.size()
              + " prompts and wrong answers of "
              + wrong.size()
              + ": expected one list of each a prompt");
    }
    for (int row = 0; row < right.size(); row++) {
      if (right.get(row).isEmpty()) {
        throw new IllegalArgumentException(
            "no answer to prompt " + row + ": expected at least one");
      }
      for (long token : wrong.get(row)) {
        if (right.get(row).contains(token)) {
          throw new IllegalArgumentException(
              "token " + token + " is both right and wrong after prompt " + row);
        }
      }
    }
  }

  /**
   * Returns one answer and one wrong answer a prompt.
   *
   * @throws IllegalArgumentException if there are not as many of both, or none
   */
  public static Answers of(long[] right, long[] wrong) {
    return new Answers(singles(right), singles(wrong));
  }

  private static List<List<Long>> singles(long[] tokens) {
    return LongStream.of(tokens).mapToObj(List::of).toList();
  }

  /** Returns the number of prompts. */
  public int size() {
    return right.size();
  }

  /** Returns the answers of these prompts. */
  public Answers rows(int... rows) {
    return new Answers(
        IntStream.of(rows).mapToObj(right::get).toList(),
        IntStream.of(rows).mapToObj(wrong::get).toList());
  }

  /** Returns every token that is right or wrong somewhere, once, in ascending order. */
  public long[] tokens() {
    return Stream.concat(right.stream(), wrong.stream())
        .flatMap(List::stream)
        .mapToLong(Long::longValue)
        .sorted()
        .distinct()
        .toArray();
  }
}
