package dev.loupe.cli;

import dev.loupe.circuit.run.RunJournal;
import java.util.concurrent.CancellationException;

/**
 * Long work on circuits beside its results: what is finished is kept there until they are written,
 * so that after Ctrl-C, or whatever else ended it, the same command goes on.
 *
 * @param command whose work it is
 * @param to where its results go
 */
record KeptWork(LoupeCommand command, ResultTarget to) {
  private static final String JOURNAL = "circuits.bin";

  /** Computes something with what is finished at hand. */
  @FunctionalInterface
  interface Work<T> {
    T with(RunJournal journal);
  }

  /**
   * Does it; Ctrl-C keeps what is finished.
   *
   * @throws CancellationException if it was interrupted, saying where it goes on
   */
  <T> T run(Work<T> work) {
    command.keepOnInterruption();
    try (var journal = RunJournal.at(to.unfinished().resolve(JOURNAL))) {
      int before = journal.finished();
      if (before > 0) {
        command.note(
            before
                + (before == 1 ? " part was" : " parts were")
                + " finished before: going on from there");
      }
      try {
        return work.with(journal);
      } catch (CancellationException e) {
        // What is interrupted cannot tell it.
        boolean _ = Thread.interrupted();
        var told =
            new CancellationException(
                journal.finished() == 0
                    ? "interrupted before anything was finished"
                    : "interrupted; what was finished is in %s; the same with --out %s goes on there"
                        .formatted(to.unfinished(), Shell.quoted(to.path().toString())));
        told.initCause(e);
        throw told;
      }
    }
  }
}
