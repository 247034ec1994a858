package dev.loupe.study.verify;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** How near a recomputed value must come to count as reproduced. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Comparison.Within.class, name = "within"),
  @JsonSubTypes.Type(value = Comparison.Sampling.class, name = "sampling"),
  @JsonSubTypes.Type(value = Comparison.Sides.class, name = "sides"),
  @JsonSubTypes.Type(value = Comparison.Ranks.class, name = "ranks"),
  @JsonSubTypes.Type(value = Comparison.AtLeast.class, name = "at-least")
})
public sealed interface Comparison {
  /** Returns why it is no nearer and no farther. */
  String why();

  /** Returns it in a few words: {@code ± 0.001}. */
  String words();

  /**
   * The same number, but for a difference.
   *
   * @param difference the largest that counts as none; 0 of what is counted
   * @param why such as the rounding of the print
   */
  record Within(double difference, String why) implements Comparison {
    /** Refuses a negative difference, and none without a reason. */
    public Within {
      requireFinite("difference", difference);
      requireReason(why);
    }

    @Override
    public String words() {
      return difference == 0 ? "exact" : "± " + plain(difference);
    }
  }

  /**
   * The mean over other prompts of the same kind: it may differ by so many standard errors,
   * reckoned from the spread over the prompts that are recomputed.
   *
   * @param prompts how many prompts the published mean is over
   * @param errors how many standard errors of the difference of both means
   * @param why what differs
   */
  record Sampling(int prompts, double errors, String why) implements Comparison {
    /** Refuses no prompts, and no errors. */
    public Sampling {
      if (prompts < 1) {
        throw new IllegalArgumentException("prompts " + prompts + ": expected 1 or more");
      }
      requireFinite("errors", errors);
      requireReason(why);
    }

    @Override
    public String words() {
      return plain(errors) + " standard errors, n = " + prompts;
    }
  }

  /**
   * Scores on the same side of a threshold; those that differ by no more than a margin count as
   * such.
   *
   * @param threshold between the two sides
   * @param margin by which scores may differ across it
   * @param why what differs
   */
  record Sides(double threshold, double margin, String why) implements Comparison {
    /** Refuses a negative margin. */
    public Sides {
      requireFinite("threshold", threshold);
      requireFinite("margin", margin);
      requireReason(why);
    }

    @Override
    public String words() {
      return "same side of " + plain(threshold) + ", or ± " + plain(margin);
    }
  }

  /**
   * Heads among the first of a ranking.
   *
   * @param end whether the lowest values come first, or the highest
   * @param within how many count as the first
   * @param why so many
   */
  record Ranks(End end, int within, String why) implements Comparison {
    /** Refuses fewer than one rank. */
    public Ranks {
      if (within < 1) {
        throw new IllegalArgumentException("within " + within + ": expected 1 or more ranks");
      }
      requireReason(why);
    }

    @Override
    public String words() {
      return "among the " + within + " " + end;
    }
  }

  /** Which end of a ranking comes first. */
  enum End {
    LOWEST,
    HIGHEST;

    @Override
    @JsonValue
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * A number that is at least the published one.
   *
   * @param why no more is published
   */
  record AtLeast(String why) implements Comparison {
    /** Refuses no reason. */
    public AtLeast {
      requireReason(why);
    }

    @Override
    public String words() {
      return "at least";
    }
  }

  private static void requireFinite(String what, double value) {
    if (!Double.isFinite(value) || value < 0) {
      throw new IllegalArgumentException(what + " " + value + ": expected a number from 0");
    }
  }

  private static void requireReason(String why) {
    if (why.isBlank()) {
      throw new IllegalArgumentException("a tolerance without a reason (why)");
    }
  }

  private static String plain(double value) {
    return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
  }
}
