package dev.loupe.lens;

import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.Arrays;
import java.util.stream.IntStream;

/** The logit of each row's answer minus that of its wrong answer, at its last token. */
public final class LogitDifference {
  private final long[] answers;
  private final long[] wrong;

  /**
   * Creates the metric of a batch.
   *
   * @param answers the right token of each row
   * @param wrong the token it is measured against, of each row
   * @throws IllegalArgumentException if there are not as many of both, or none
   */
  public LogitDifference(long[] answers, long[] wrong) {
    if (answers.length != wrong.length || answers.length == 0) {
      throw new IllegalArgumentException(
          answers.length
              + " answers and "
              + wrong.length
              + " wrong answers: expected one of each a row");
    }
    this.answers = answers.clone();
    this.wrong = wrong.clone();
  }

  /** Returns how many rows it is of. */
  public int rows() {
    return answers.length;
  }

  /** Returns the answers. */
  public long[] answers() {
    return answers.clone();
  }

  /** Returns the wrong answers. */
  public long[] wrong() {
    return wrong.clone();
  }

  /** Returns the metric of rows {@code from} to {@code to} (exclusive). */
  public LogitDifference rows(int from, int to) {
    return new LogitDifference(
        Arrays.copyOfRange(answers, from, to), Arrays.copyOfRange(wrong, from, to));
  }

  /**
   * Returns the difference of each row, in logits.
   *
   * @param logits of each row's last token, [batch, d_vocab]
   */
  public double[] of(Tensor logits) {
    try (var _ = TensorScope.open()) {
      return pick(logits, answers).sub(pick(logits, wrong)).toDoubles();
    }
  }

  /** Returns for each row whether no token is likelier than its answer. */
  public boolean[] isTop(Tensor logits) {
    try (var _ = TensorScope.open()) {
      long[] top = logits.argmax(-1).toLongs();
      var is = new boolean[answers.length];
      IntStream.range(0, is.length).forEach(row -> is[row] = top[row] == answers[row]);
      return is;
    }
  }

  private Tensor pick(Tensor logits, long[] tokens) {
    if (logits.dim() != 2 || logits.size(0) != tokens.length) {
      throw new IllegalArgumentException(
          "logits " + logits.describe() + ": expected [" + tokens.length + ", d_vocab]");
    }
    return logits.gather(1, Tensors.of(tokens, tokens.length, 1).to(logits.device())).squeeze(1);
  }
}
