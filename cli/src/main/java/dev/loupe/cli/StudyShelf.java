package dev.loupe.cli;

import dev.loupe.report.study.StudyPage;
import dev.loupe.study.Study;
import dev.loupe.study.StudyFindings;
import dev.loupe.study.run.Studies;
import java.util.List;
import java.util.function.Function;

/**
 * The studies that can be run.
 *
 * @param studies each with its usual options
 * @param pages makes a page of what one found
 */
record StudyShelf(List<Study> studies, Function<StudyFindings, StudyPage> pages) {
  /** Copies the list. */
  StudyShelf {
    studies = List.copyOf(studies);
  }

  /** Returns those that come with Loupe. */
  static StudyShelf standard() {
    return new StudyShelf(Studies.standard(), StudyPage::of);
  }
}
