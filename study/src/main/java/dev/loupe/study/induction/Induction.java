package dev.loupe.study.induction;

import dev.loupe.study.Study;
import dev.loupe.study.StudyContext;
import dev.loupe.study.StudyFindings;

/** To be written. */
public record Induction(long seed) implements Study {
  /** Returns the usual options. */
  public static Induction standard() {
    return new Induction(0);
  }

  @Override
  public String name() {
    return "induction";
  }

  @Override
  public String question() {
    return "Which heads find what followed a token the last time?";
  }

  @Override
  public StudyFindings run(StudyContext context) {
    throw new UnsupportedOperationException("to be written");
  }
}
