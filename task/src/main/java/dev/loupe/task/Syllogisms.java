package dev.loupe.task;

import dev.loupe.model.Tokenizer;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * All syllogisms that a tokenizer can make of some words, in an order that the seed decides; none
 * is made before it is asked for.
 *
 * <p>"All reptiles are cold, not warm. Lizards are reptiles. Therefore, lizards are" is answered by
 * the first token of " cold" and not by that of " warm"; the corrupted prompt has the two words
 * exchanged, so that its answer is the opposite. Both directions of every pair are among them.
 */
public final class Syllogisms {
  private final SyllogismWords kept;
  private final List<String> notes;

  private Syllogisms(SyllogismWords kept, List<String> notes) {
    this.kept = kept;
    this.notes = notes;
  }

  /**
   * Keeps the words that fit: in the vocabulary, of as many tokens as the options say, descriptor
   * and opposite of as many tokens as each other, with different first tokens. What is left out is
   * noted.
   *
   * @throws IllegalArgumentException if no category, pair or noun remains
   */
  public static Syllogisms candidates(
      Tokenizer tokenizer, SyllogismWords words, SyllogismOptions options) {
    throw new UnsupportedOperationException(tokenizer + "" + words + options);
  }

  /** Returns how many there are; a noun is never paired with itself as category. */
  public long size() {
    throw new UnsupportedOperationException();
  }

  /**
   * Makes one of them.
   *
   * @param index from 0, in the order of the seed
   * @return one answer, one wrong token, and the positions CATEGORY, DESCRIPTOR, OPPOSITE, NOUN,
   *     CATEGORY2, NOUN2 (the last token of each word) and END; a further mention of a word in a
   *     template of your own has the next number
   */
  public TaskExample get(long index) {
    throw new UnsupportedOperationException("" + index);
  }

  /** Makes one after the other, in the order of the seed. */
  public Stream<TaskExample> stream() {
    return LongStream.range(0, size()).mapToObj(this::get);
  }

  /**
   * Makes the first of them, without asking a model whether it knows the answers.
   *
   * @param most how many at most, at least 1
   */
  public TaskData first(int most) {
    return data(stream().limit(most).toList());
  }

  /** Returns examples that were chosen of these as a task. */
  public TaskData data(List<TaskExample> chosen) {
    return new TaskData("syllogism", "opposite", chosen, notes);
  }

  /** Returns the words that were kept. */
  public SyllogismWords kept() {
    return kept;
  }

  /** Returns which words were left out, and why. */
  public List<String> notes() {
    return notes;
  }
}
