package dev.loupe.study.ioi;

import dev.loupe.study.Study;
import dev.loupe.study.StudyContext;
import dev.loupe.study.StudyFindings;

/** To be written. */
public record IoiPatching(IoiPrompts prompts) implements Study {
  /** Returns the usual options. */
  public static IoiPatching standard() {
    return new IoiPatching(IoiPrompts.generated(dev.loupe.task.Corruption.NAME_SWAP));
  }

  @Override
  public String name() {
    return "ioi-patching";
  }

  @Override
  public String question() {
    return "Which heads at the last token bring the answer back, and what do they read and write?";
  }

  @Override
  public StudyFindings run(StudyContext context) {
    throw new UnsupportedOperationException("to be written");
  }
}
