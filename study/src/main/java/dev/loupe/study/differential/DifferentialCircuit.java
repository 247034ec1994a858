package dev.loupe.study.differential;

import dev.loupe.study.Study;
import dev.loupe.study.StudyContext;
import dev.loupe.study.StudyFindings;

/** To be written. */
public record DifferentialCircuit(long seed) implements Study {
  /** Returns the usual options. */
  public static DifferentialCircuit standard() {
    return new DifferentialCircuit(0);
  }

  @Override
  public String name() {
    return "differential-circuit";
  }

  @Override
  public String question() {
    return "Which parts of the model differ most between paired texts, and which circuit do they make within a write budget?";
  }

  @Override
  public StudyFindings run(StudyContext context) {
    throw new UnsupportedOperationException("to be written");
  }
}
