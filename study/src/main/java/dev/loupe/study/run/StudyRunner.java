package dev.loupe.study.run;

import dev.loupe.lens.sweep.SweepOptions;
import dev.loupe.model.HookedTransformer;
import dev.loupe.study.StudyFindings;
import dev.loupe.tensor.Threads;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;

/**
 * Carries out studies.
 *
 * @param files finds the files that the specification names
 * @param sweeps bounds of memory and threads; its folder is not used
 * @param stages is told what is done
 */
public record StudyRunner(SpecFiles files, SweepOptions sweeps, Stages stages) {
  /**
   * Carries one out in memory.
   *
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   */
  public StudyRun run(StudySpec spec, HookedTransformer model) {
    try {
      return run(spec, model, sweeps, Optional.empty());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Carries one out in a folder, which it goes on in if it was begun there. When it is interrupted,
   * what its sweeps had finished is in the folder.
   *
   * @throws IllegalArgumentException if another study was begun in the folder, or one is finished
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   */
  public StudyRun run(StudySpec spec, HookedTransformer model, RunFolder folder)
      throws IOException {
    try {
      return run(spec, model, folder.begin(spec, sweeps), Optional.of(folder));
    } catch (ClosedByInterruptException e) {
      throw interrupted(e);
    }
  }

  // Whoever is interrupted while a file is open finds it closed.
  private static CancellationException interrupted(IOException e) {
    var cancelled = new CancellationException("interrupted while a file was read or written");
    cancelled.initCause(e);
    return cancelled;
  }

  private StudyRun run(
      StudySpec spec, HookedTransformer model, SweepOptions options, Optional<RunFolder> folder)
      throws IOException {
    var begun = Instant.now();
    long start = System.nanoTime();
    var context = new RunContext(model, files, options, stages, folder);
    StudySpec settled;
    StudyFindings findings;
    try {
      settled =
          folder.isPresent()
              ? folder.get().settle(spec, context)
              : spec.withStudy(spec.study().settled(context));
      findings = settled.study().run(context);
    } catch (UncheckedIOException e) {
      throw e.getCause() instanceof ClosedByInterruptException closed ? interrupted(closed) : e;
    }
    context.end();
    double seconds = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start) / 1000.0;
    return new StudyRun(
        settled,
        findings,
        context.taken(),
        options,
        Threads.matrixThreads(),
        begun,
        seconds,
        context.seconds());
  }
}
