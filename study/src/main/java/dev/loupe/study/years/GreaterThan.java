package dev.loupe.study.years;

import dev.loupe.study.Study;
import dev.loupe.study.StudyContext;
import dev.loupe.study.StudyFindings;

/** To be written. */
public record GreaterThan(long seed) implements Study {
  /** Returns the usual options. */
  public static GreaterThan standard() {
    return new GreaterThan(0);
  }

  @Override
  public String name() {
    return "greater-than";
  }

  @Override
  public String question() {
    return "Which parts of the model make later years likelier than earlier ones?";
  }

  @Override
  public StudyFindings run(StudyContext context) {
    throw new UnsupportedOperationException("to be written");
  }
}
