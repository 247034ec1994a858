package dev.loupe.cli;

import dev.loupe.lens.sweep.SweepOptions;
import dev.loupe.model.HookedTransformer;
import dev.loupe.report.study.StudyPage;
import dev.loupe.study.run.RunFolder;
import dev.loupe.study.run.SpecFiles;
import dev.loupe.study.run.StudyRun;
import dev.loupe.study.run.StudyRunner;
import dev.loupe.study.run.StudySpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/** Carries out a study in a run folder, which it goes on in if it was begun there. */
final class StudyShow {
  private final LoupeCommand command;
  private final StudySpec spec;
  private final String typed;
  private final Path shown;
  private final RunFolder folder;

  /**
   * Prepares it, before anything is loaded.
   *
   * @param out the folder; without it, one in {@code runs}
   * @param typed what to type to get it again
   * @throws IllegalArgumentException if it cannot be carried out in this folder
   */
  StudyShow(LoupeCommand command, StudySpec spec, Optional<Path> out, String typed)
      throws IOException {
    this.command = command;
    this.spec = spec;
    this.typed = typed;
    out.ifPresent(it ->
        command.asked(() -> {
          RunFacts.requireFolder(it);
          return it;
        }));
    shown = out.orElseGet(() -> RunFacts.usualFolder(spec.study().name(), spec.model().name()));
    folder = RunFolder.at(shown);
    folder.requireRoomFor(spec);
  }

  /** Returns what is carried out. */
  StudySpec spec() {
    return spec;
  }

  /** Carries it out; Ctrl-C keeps what is finished. */
  StudyRun run(HookedTransformer model, SpecFiles files, SweepOptions sweeps) throws IOException {
    command.out().flush();
    command.keepOnInterruption();
    try (var stages = new StudyStages(command)) {
      return new StudyRunner(files, sweeps, stages).run(spec, model, folder);
    } catch (CancellationException e) {
      // What is interrupted cannot write files.
      boolean _ = Thread.interrupted();
      throw new CancellationException(
          "interrupted; what was finished is in "
              + shown
              + "; the same with --out "
              + Shell.quoted(shown.toString())
              + " goes on there");
    }
  }

  /** Writes what was found, and says where. */
  void write(StudyRun run, StudyPage page) throws IOException {
    command.keepWhileSaving();
    folder.write(
        run, own(typed), page.conclusions(), (file, facts) -> page.page(typed, facts).write(file));
    command.out().println("report: " + shown.resolve(folder.report().getFileName()));
  }

  /** Returns what of the provenance only the command line knows. */
  static Map<String, String> own(String typed) {
    var own = new LinkedHashMap<String, String>();
    own.put("command", typed);
    own.put("Loupe", Version.current());
    own.put("commit", Version.commit());
    return own;
  }
}
