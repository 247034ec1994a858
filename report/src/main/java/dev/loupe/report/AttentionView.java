package dev.loupe.report;

import java.util.List;
import java.util.Locale;

/**
 * Show where chosen heads look on one prompt.
 *
 * @param title what the view shows
 * @param prompt the tokens; their roles are highlighted, and the last token is looked at first
 * @param heads at least one; the first is the one shown large
 */
public record AttentionView(String title, TokenLine prompt, List<HeadPattern> heads)
    implements Block {

  /**
   * Hold the attention of one head.
   *
   * @param label such as "L9H9"
   * @param pattern {@code [destination, source]}, no value below 0
   */
  public record HeadPattern(String label, Matrix pattern) {
    /** Refuse a negative weight with {@link IllegalArgumentException}. */
    public HeadPattern {
      Check.notBlank("label of a head", label);
      Check.that(
          !(pattern.min() < 0),
          "attention of %s has the value %s, expected none below 0"
              .formatted(label, pattern.min()));
    }

    /** Return the pattern of {@code [destination][source]} weights, which are copied. */
    public static HeadPattern of(String label, double[][] pattern) {
      return new HeadPattern(label, Matrix.of(pattern));
    }
  }

  /** Copy the heads; refuse a pattern whose size is not the number of tokens. */
  public AttentionView {
    Check.notBlank("title of attention view", title);
    heads = List.copyOf(heads);
    Check.notEmpty("heads of '" + title + "'", heads);
    int tokens = prompt.tokens().size();
    for (HeadPattern head : heads) {
      Check.that(
          head.pattern().rows() == tokens && head.pattern().columns() == tokens,
          String.format(
              Locale.ROOT,
              "attention of %s is [%d, %d], expected [%d, %d] for %d tokens",
              head.label(),
              head.pattern().rows(),
              head.pattern().columns(),
              tokens,
              tokens,
              tokens));
    }
  }
}
