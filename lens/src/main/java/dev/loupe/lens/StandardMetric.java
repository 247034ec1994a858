package dev.loupe.lens;

import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.List;

/** The metrics of the field, computed for all runs and prompts at once. */
public enum StandardMetric implements Metric {
  /**
   * The mean logit of the right tokens minus the mean logit of the wrong ones, at least one of each
   * a prompt (Wang et al. 2022).
   */
  LOGIT_DIFFERENCE("logit-difference", "logit difference", Reads.ANSWERS),

  /** The probability that the next token is a right one: a sum over them. */
  PROBABILITY("probability", "probability", Reads.LAST),

  /**
   * The probability of the right tokens minus that of the wrong ones, at least one of each a
   * prompt. With the years after that of the prompt right and the others wrong it is the
   * greater-than metric of Hanna et al. (2023).
   */
  PROBABILITY_DIFFERENCE("probability-difference", "probability difference", Reads.LAST),

  /** The natural logarithm of the probability that the next token is a right one. */
  LOG_PROBABILITY("log-probability", "log probability", Reads.LAST),

  /**
   * The rank of the best right token in the vocabulary: 1 plus the number of tokens whose logit is
   * above its own.
   */
  RANK("rank", "rank", Reads.LAST),

  /**
   * 1 where the likeliest token is a right one, else 0. As in TransformerLens, of several likeliest
   * tokens that of the lowest id is meant.
   */
  ACCURACY("accuracy", "accuracy", Reads.LAST),

  /**
   * KL(base || run) of the distributions after the last token, in nats: how far the run is from the
   * base run. Infinite where the run excludes a token that the base run allows.
   */
  KL_DIVERGENCE("kl", "KL divergence", Reads.LAST),

  /**
   * The mean of -log p over the prompt's tokens but the first, each after those before it, in nats.
   * Lower is better.
   */
  LOSS("loss", "loss", Reads.EVERY);

  private final String name;
  private final String label;
  private final Reads reads;

  StandardMetric(String name, String label, Reads reads) {
    this.name = name;
    this.label = label;
    this.reads = reads;
  }

  @Override
  public String label() {
    return label;
  }

  @Override
  public Reads reads() {
    return reads;
  }

  @Override
  public Tensor of(Readout readout) {
    return TensorScope.tidy(() -> compute(readout));
  }

  /** Returns its name on the command line. */
  @Override
  public String toString() {
    return name;
  }

  private Tensor compute(Readout readout) {
    return switch (this) {
      case LOGIT_DIFFERENCE -> {
        var logits = readout.answers(label);
        var wrong = AnswerColumns.wrong(readout, label).mean(logits);
        yield AnswerColumns.right(readout).mean(logits).sub(wrong);
      }
      case PROBABILITY -> {
        var probabilities = readout.last(label).softmax(-1);
        yield AnswerColumns.right(readout).sum(probabilities);
      }
      case PROBABILITY_DIFFERENCE -> {
        var probabilities = readout.last(label).softmax(-1);
        var wrong = AnswerColumns.wrong(readout, label).sum(probabilities);
        yield AnswerColumns.right(readout).sum(probabilities).sub(wrong);
      }
      case LOG_PROBABILITY -> {
        var logProbabilities = readout.last(label).logSoftmax(-1);
        yield AnswerColumns.right(readout).logSumExp(logProbabilities);
      }
      case RANK -> {
        var logits = readout.last(label);
        var best = AnswerColumns.right(readout).max(logits).unsqueeze(-1);
        yield unlessUndefined(logits, logits.gt(best).sum(-1).to(logits.dtype()).add(1));
      }
      case ACCURACY -> {
        var logits = readout.last(label);
        var top = logits.argmax(-1);
        yield unlessUndefined(logits, AnswerColumns.right(readout).contain(top, logits.dtype()));
      }
      case KL_DIVERGENCE -> divergence(readout.baseLogits(label), readout.last(label));
      case LOSS -> loss(readout);
    };
  }

  // Comparisons take NaN for a small number. The largest logit minus itself is 0, or NaN where it
  // is not finite: there the logits are of no distribution.
  private static Tensor unlessUndefined(Tensor logits, Tensor values) {
    var max = logits.max(-1);
    return values.add(max.sub(max));
  }

  private static Tensor divergence(Tensor base, Tensor logits) {
    var expected = base.logSoftmax(-1);
    var terms = expected.sub(logits.logSoftmax(-1)).mul(expected.exp());
    // What the base run excludes adds nothing, as p log p goes to 0 with p; computed, it is NaN.
    return terms.maskedFill(expected.eq(AnswerColumns.infinity(expected, -1)), 0).sum(-1);
  }

  private Tensor loss(Readout readout) {
    var logits = readout.every(label);
    int from = readout.from();
    int length = Math.toIntExact(from + logits.size(2));
    if (length < 2 || logits.size(2) == 0) {
      throw new IllegalArgumentException(
          label
              + " of logits "
              + logits.describe()
              + " from position "
              + from
              + ": expected those of the last position at least, of prompts of 2 tokens or more");
    }
    check(readout.tokens(), readout.answers().size(), length, logits.size(3));
    var sum = surprise(logits, readout.tokens(), from, length);
    if (from > 0) {
      var base = readout.baseLogits(label);
      if (base.size(1) != length) {
        throw new IllegalArgumentException(
            label
                + " of prompts of "
                + length
                + " tokens, the base run's logits "
                + base.describe()
                + ": expected those of all positions");
      }
      // Positions before those that were computed are as in the base run.
      sum = sum.add(surprise(base.unsqueeze(0), readout.tokens(), 0, from + 1));
    }
    return sum.div(length - 1);
  }

  private void check(List<List<Long>> tokens, int prompts, int length, long vocabulary) {
    if (tokens.size() != prompts || tokens.stream().anyMatch(row -> row.size() != length)) {
      throw new IllegalArgumentException(
          label
              + " of prompts of "
              + tokens.stream().map(List::size).toList()
              + " tokens: the logits are of "
              + prompts
              + " prompts of "
              + length);
    }
    for (var row : tokens) {
      for (long token : row) {
        if (token < 0 || token >= vocabulary) {
          throw new IllegalArgumentException(
              "token " + token + " of a prompt: the logits are of " + vocabulary + " tokens");
        }
      }
    }
  }

  /**
   * Returns the sum of -log p over the tokens from {@code from + 1} to {@code to}, the last
   * excluded, [run, prompt].
   *
   * @param logits [run, prompt, pos, d_vocab], from the position {@code from} on
   */
  private static Tensor surprise(Tensor logits, List<List<Long>> tokens, int from, int to) {
    int count = to - 1 - from;
    long[] next =
        tokens.stream()
            .flatMap(row -> row.subList(from + 1, to).stream())
            .mapToLong(Long::longValue)
            .toArray();
    var index = Tensors.of(next, 1, tokens.size(), count, 1).to(logits.device());
    return logits
        .narrow(2, 0, count)
        .logSoftmax(-1)
        .gather(3, index.expand(logits.size(0), tokens.size(), count, 1))
        .sum(2, 3)
        .neg();
  }
}
