package dev.loupe.cli;

import dev.loupe.lens.Progress;
import dev.loupe.study.run.Stages;
import java.util.Optional;

/** Shows each stage of a study as a bar of its own. */
final class StudyStages implements Stages, AutoCloseable {
  private final LoupeCommand command;
  private Optional<SweepBar> bar = Optional.empty();

  StudyStages(LoupeCommand command) {
    this.command = command;
  }

  @Override
  public Progress begin(String what) {
    close();
    var next = SweepBar.of(command, what);
    bar = Optional.of(next);
    return next;
  }

  @Override
  public void close() {
    bar.ifPresent(SweepBar::close);
    bar = Optional.empty();
  }
}
