package dev.loupe.study.run;

import dev.loupe.lens.Progress;
import dev.loupe.lens.sweep.SweepOptions;
import dev.loupe.model.HookedTransformer;
import dev.loupe.study.StudyContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** What a study runs in, which notes what it takes and how long. */
final class RunContext implements StudyContext {
  private final HookedTransformer model;
  private final SpecFiles files;
  private final SweepOptions sweeps;
  private final Stages stages;
  private final Optional<RunFolder> folder;
  private final Map<String, RecordedFile> taken = new LinkedHashMap<>();
  private final Map<String, Long> nanos = new LinkedHashMap<>();
  private Optional<String> stage = Optional.empty();
  private long begun = System.nanoTime();

  RunContext(
      HookedTransformer model,
      SpecFiles files,
      SweepOptions sweeps,
      Stages stages,
      Optional<RunFolder> folder) {
    this.model = model;
    this.files = files;
    this.sweeps = sweeps;
    this.stages = stages;
    this.folder = folder;
  }

  @Override
  public HookedTransformer model() {
    return model;
  }

  @Override
  public synchronized Path file(String name) {
    try {
      var file = files.find(name);
      var known = taken.get(name);
      if (known == null) {
        var sha256 = RecordedFile.sha256(file);
        var copy = folder.isPresent() ? folder.get().keep(file, sha256) : "";
        taken.put(
            name,
            new RecordedFile(
                name, sha256, Files.size(file), file.toAbsolutePath().toString(), copy));
      }
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + name, e);
    }
  }

  @Override
  public SweepOptions sweep(String name) {
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9_.-]*")) {
      throw new IllegalArgumentException(
          "sweep \"" + name + "\": expected letters, digits and - for a folder's name");
    }
    return folder.map(run -> sweeps.in(run.unfinished().resolve(name))).orElse(sweeps);
  }

  @Override
  public synchronized Progress stage(String what) {
    end();
    stage = Optional.of(what);
    return stages.begin(what);
  }

  /** Notes how long the last stage took. */
  synchronized void end() {
    long now = System.nanoTime();
    stage.ifPresent(name -> nanos.merge(name, now - begun, Long::sum));
    begun = now;
    stage = Optional.empty();
  }

  List<RecordedFile> taken() {
    return List.copyOf(taken.values());
  }

  /** Returns the seconds of each stage, in their order. */
  Map<String, Double> seconds() {
    var seconds = new LinkedHashMap<String, Double>();
    nanos.forEach((name, time) -> seconds.put(name, TimeUnit.NANOSECONDS.toMillis(time) / 1000.0));
    return seconds;
  }
}
