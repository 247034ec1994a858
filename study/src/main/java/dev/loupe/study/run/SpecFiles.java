package dev.loupe.study.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Finds the files that a specification names. */
public sealed interface SpecFiles {
  /**
   * Finds a file.
   *
   * @throws IllegalArgumentException if it is not there, or not what it was
   */
  Path find(String name) throws IOException;

  /**
   * Finds files where they are.
   *
   * @param folder that relative names are relative to: the specification's
   */
  static SpecFiles in(Path folder) {
    return new Here(folder);
  }

  /** Finds files beside a specification: that of a run takes what the run took. */
  static SpecFiles beside(Path spec) throws IOException {
    var folder = spec.toAbsolutePath().getParent();
    var run = RunFolder.at(folder == null ? Path.of("") : folder);
    return run.isFinished() && run.study().equals(spec.toAbsolutePath())
        ? new Recorded(run.path(), run.files())
        : in(run.path());
  }

  /** Files where they are. */
  record Here(Path folder) implements SpecFiles {
    @Override
    public Path find(String name) {
      var file = folder.resolve(name);
      if (!Files.isRegularFile(file)) {
        throw new IllegalArgumentException(
            name + ": no such file" + (file.toString().equals(name) ? "" : " (" + file + ")"));
      }
      return file;
    }
  }

  /** Files that a run has read: its copies, or else the originals if they are the same still. */
  record Recorded(Path run, List<RecordedFile> files) implements SpecFiles {
    /** Copies the list. */
    public Recorded {
      files = List.copyOf(files);
    }

    @Override
    public Path find(String name) throws IOException {
      for (var file : files) {
        if (file.name().equals(name)) {
          return find(file);
        }
      }
      return new Here(run).find(name);
    }

    private Path find(RecordedFile file) throws IOException {
      var copy = run.resolve(file.copy());
      boolean hasCopy = !file.copy().isEmpty() && Files.isRegularFile(copy);
      var found = hasCopy ? copy : Path.of(file.path());
      if (!Files.isRegularFile(found)) {
        throw new IllegalArgumentException(
            file.name()
                + ": the run has no copy of this file, and "
                + file.path()
                + " is gone (sha256 "
                + file.sha256()
                + ")");
      }
      var sha256 = RecordedFile.sha256(found);
      if (!sha256.equals(file.sha256())) {
        throw new IllegalArgumentException(
            found + " has changed: sha256 " + sha256 + ", and the run took " + file.sha256());
      }
      return found;
    }
  }
}
