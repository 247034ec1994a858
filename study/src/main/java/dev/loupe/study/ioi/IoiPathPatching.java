package dev.loupe.study.ioi;

import dev.loupe.study.Study;
import dev.loupe.study.StudyContext;
import dev.loupe.study.StudyFindings;

/** To be written. */
public record IoiPathPatching(IoiPrompts prompts) implements Study {
  /** Returns the usual options. */
  public static IoiPathPatching standard() {
    return new IoiPathPatching(IoiPrompts.generated(dev.loupe.task.Corruption.ABC));
  }

  @Override
  public String name() {
    return "ioi-path-patching";
  }

  @Override
  public String question() {
    return "Which heads raise and lower the answer, through all paths and through the direct one?";
  }

  @Override
  public StudyFindings run(StudyContext context) {
    throw new UnsupportedOperationException("to be written");
  }
}
