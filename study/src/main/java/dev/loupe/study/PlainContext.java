package dev.loupe.study;

import dev.loupe.lens.Progress;
import dev.loupe.lens.sweep.SweepOptions;
import dev.loupe.model.HookedTransformer;
import java.nio.file.Files;
import java.nio.file.Path;

/** Runs a study in memory, its files relative to the working folder. */
record PlainContext(HookedTransformer model) implements StudyContext {
  @Override
  public Path file(String name) {
    var file = Path.of(name);
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(name + ": no such file");
    }
    return file;
  }

  @Override
  public SweepOptions sweep(String name) {
    return SweepOptions.standard();
  }

  @Override
  public Progress stage(String what) {
    return Progress.none();
  }
}
