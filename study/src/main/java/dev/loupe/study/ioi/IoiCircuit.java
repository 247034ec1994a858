package dev.loupe.study.ioi;

import dev.loupe.study.Study;
import dev.loupe.study.StudyContext;
import dev.loupe.study.StudyFindings;

/** To be written. */
public record IoiCircuit(IoiPrompts prompts) implements Study {
  /** Returns the usual options. */
  public static IoiCircuit standard() {
    return new IoiCircuit(IoiPrompts.generated(dev.loupe.task.Corruption.ABC));
  }

  @Override
  public String name() {
    return "ioi-circuit";
  }

  @Override
  public String question() {
    return "Which heads of each class does attention point to, and which circuit do they make within a write budget?";
  }

  @Override
  public StudyFindings run(StudyContext context) {
    throw new UnsupportedOperationException("to be written");
  }
}
