package dev.loupe.lens;

import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * A number for each prompt that says how much of a behaviour a run shows. What is read of a run
 * that is not finite gives a value that is not finite, or the value that it has in the limit; never
 * another number.
 */
public sealed interface Metric permits StandardMetric, Metric.Recovery, Metric.Custom {
  /** What a metric reads of a run, so that no more is computed. */
  enum Reads {
    /** The logits of the answer tokens at each prompt's last token. */
    ANSWERS,
    /** The logits of the whole vocabulary at each prompt's last token. */
    LAST,
    /** The logits of the whole vocabulary at every token. */
    EVERY
  }

  /** Returns the field's name for it: {@code logit difference}. */
  String label();

  /** Returns what it reads. */
  Reads reads();

  /**
   * Returns its value for every run and prompt.
   *
   * @return [run, prompt], of the logits' type; F32 where that is a half type
   * @throws IllegalArgumentException if the readout lacks what the metric reads
   */
  Tensor of(Readout readout);

  /**
   * Returns its value for every prompt of one run.
   *
   * @param lastLogits of each prompt's last token, [prompt, d_vocab]
   * @throws IllegalArgumentException if the metric reads more than these logits, or they do not
   *     suit the answers
   */
  default double[] ofLogits(Tensor lastLogits, Answers answers) {
    if (reads() == Reads.EVERY) {
      throw new IllegalArgumentException(
          label() + " reads the logits of every token, not of the last alone: give it a Readout");
    }
    if (lastLogits.dim() != 2) {
      throw new IllegalArgumentException(
          "logits " + lastLogits.describe() + ": expected [" + answers.size() + ", d_vocab]");
    }
    try (var _ = TensorScope.open()) {
      var run = lastLogits.unsqueeze(0);
      return of(new Readout(run, List.of(), answers, List.of(), 0, Optional.empty())).toDoubles();
    }
  }

  /**
   * Reads a name of the command line: the reverse of {@code toString} of every metric but {@link
   * Custom}. {@code greater-than} is {@link StandardMetric#PROBABILITY_DIFFERENCE} and {@code
   * recovery} that of the logit difference; {@code recovery:} and a name is that of another metric.
   *
   * @throws IllegalArgumentException if there is no metric of that name, saying which there are
   */
  static Metric parse(String name) {
    var plain = name.strip();
    if (plain.equals(Recovery.NAME)) {
      return new Recovery(StandardMetric.LOGIT_DIFFERENCE);
    }
    boolean recovery = plain.startsWith(Recovery.PREFIX);
    var rest = recovery ? plain.substring(Recovery.PREFIX.length()) : plain;
    var standard = rest.equals("greater-than") ? "probability-difference" : rest;
    for (var metric : StandardMetric.values()) {
      if (metric.toString().equals(standard)) {
        return recovery ? new Recovery(metric) : metric;
      }
    }
    throw new IllegalArgumentException(
        "no metric "
            + plain
            + "; there are "
            + Arrays.stream(StandardMetric.values())
                .map(StandardMetric::toString)
                .collect(Collectors.joining(", "))
            + ", greater-than, recovery, and recovery: with one of the others, such as"
            + " recovery:probability");
  }

  /**
   * A metric of which the normalised recovery is shown, (value - corrupted) / (clean - corrupted).
   * Its values are those of the metric itself: what clean and corrupted runs have in the mean is
   * known only to the result of a whole sweep, which normalises.
   *
   * @param of the metric that recovers
   */
  record Recovery(Metric of) implements Metric {
    private static final String NAME = "recovery";
    private static final String PREFIX = NAME + ":";

    /** Refuses the recovery of a recovery. */
    public Recovery {
      if (of instanceof Recovery) {
        throw new IllegalArgumentException("the recovery of a recovery: expected another metric");
      }
    }

    @Override
    public String label() {
      return "normalised recovery of " + of.label();
    }

    @Override
    public Reads reads() {
      return of.reads();
    }

    @Override
    public Tensor of(Readout readout) {
      return of.of(readout);
    }

    @Override
    public String toString() {
      return of == StandardMetric.LOGIT_DIFFERENCE ? NAME : PREFIX + of;
    }
  }

  /**
   * A function of the logits at each prompt's last token; it has no name on the command line.
   *
   * @param label what it is called in results
   * @param function takes the logits of all runs and prompts, [run * prompt, d_vocab], the prompts
   *     running fastest, and returns a number for each, [run * prompt]; must not change its
   *     argument in place
   */
  record Custom(String label, UnaryOperator<Tensor> function) implements Metric {
    /** Refuses a blank label. */
    public Custom {
      if (label.isBlank()) {
        throw new IllegalArgumentException("a metric without a label: results need one");
      }
    }

    @Override
    public Reads reads() {
      return Reads.LAST;
    }

    @Override
    public Tensor of(Readout readout) {
      return TensorScope.tidy(() -> {
        var logits = readout.last(label);
        long runs = logits.size(0);
        long prompts = logits.size(1);
        var values = function.apply(logits.reshape(runs * prompts, logits.size(2)));
        if (values.dim() != 1 || values.size(0) != runs * prompts) {
          throw new IllegalArgumentException(
              label
                  + " gave "
                  + values.describe()
                  + " for "
                  + runs
                  + " runs of "
                  + prompts
                  + " prompts: expected ["
                  + runs * prompts
                  + "]");
        }
        return values.reshape(runs, prompts).to(logits.dtype());
      });
    }

    @Override
    public String toString() {
      return label;
    }
  }
}
