package dev.loupe.study.syllogism;

/**
 * Which candidates become prompts: those that the model answers, both ways.
 *
 * @param cleanAbove what the logit difference of the clean prompt must be above
 * @param oppositeBelow what that of its opposite, with the same answers, must be below
 * @param candidates how many are tried at most
 */
public record Selection(double cleanAbove, double oppositeBelow, int candidates) {
  /** Refuses thresholds that are no numbers, and no candidates. */
  public Selection {
    if (Double.isNaN(cleanAbove) || Double.isNaN(oppositeBelow) || candidates < 1) {
      throw new IllegalArgumentException(
          "selection: clean_above "
              + cleanAbove
              + ", opposite_below "
              + oppositeBelow
              + ", candidates "
              + candidates
              + ": expected two numbers, and 1 or more candidates");
    }
  }

  /** Returns above 2, below -2, among 2,000 candidates at most. */
  public static Selection standard() {
    return new Selection(2, -2, 2000);
  }

  boolean keeps(double clean, double opposite) {
    return clean > cleanAbove && opposite < oppositeBelow;
  }
}
