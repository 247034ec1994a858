package dev.loupe.study.syllogism;

import dev.loupe.study.Study;
import dev.loupe.study.StudyContext;
import dev.loupe.study.StudyFindings;

/** To be written. */
public record Syllogism(long seed) implements Study {
  /** Returns the usual options. */
  public static Syllogism standard() {
    return new Syllogism(0);
  }

  @Override
  public String name() {
    return "syllogism";
  }

  @Override
  public String question() {
    return "Where does the model keep the conclusion of a syllogism, and along which paths does it reach the answer?";
  }

  @Override
  public StudyFindings run(StudyContext context) {
    throw new UnsupportedOperationException("to be written");
  }
}
