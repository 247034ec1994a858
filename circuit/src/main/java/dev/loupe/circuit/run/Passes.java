package dev.loupe.circuit.run;

import dev.loupe.lens.Interruption;
import dev.loupe.lens.sweep.MatrixThreads;
import dev.loupe.model.HookedTransformer;
import dev.loupe.tensor.Threads;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Passes over one batch. Much of a pass runs on one core, so several go side by side, each with
 * matrix products of one core; a single one is given them all.
 */
final class Passes {
  private static final String WHAT = "circuits were run";

  private Passes() {}

  /** Takes what a pass has found, in the order of the plans. */
  interface Taker {
    void take(int plan, double[][] found);
  }

  /**
   * Runs plans.
   *
   * @throws CancellationException if the thread is interrupted
   */
  static void run(HookedTransformer model, List<EdgePlan> plans, BatchState state, Taker taker) {
    int cores = MatrixThreads.take();
    try {
      if (plans.size() == 1 || cores == 1) {
        for (int i = 0; i < plans.size(); i++) {
          Interruption.check(WHAT);
          taker.take(i, CircuitPass.run(model, plans.get(i), state));
        }
      } else {
        Threads.setMatrixThreads(1);
        sideBySide(cores, model, plans, state, taker);
      }
    } finally {
      MatrixThreads.giveBack();
    }
  }

  private static void sideBySide(
      int threads, HookedTransformer model, List<EdgePlan> plans, BatchState state, Taker taker) {
    try (var pool =
        Executors.newFixedThreadPool(
            threads, Thread.ofPlatform().name("circuits-", 0).daemon().factory())) {
      try {
        var passes =
            plans.stream()
                .map(plan -> pool.submit(() -> CircuitPass.run(model, plan, state)))
                .toList();
        for (int i = 0; i < passes.size(); i++) {
          Interruption.check(WHAT);
          taker.take(i, found(passes.get(i)));
        }
      } finally {
        // Those that have not begun; the others are waited for, as they read the batch.
        pool.shutdownNow();
      }
    }
  }

  private static double[][] found(Future<double[][]> pass) {
    try {
      return pass.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      var cancelled = new CancellationException("interrupted while " + WHAT);
      cancelled.initCause(e);
      throw cancelled;
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException cause -> throw cause;
        case Error cause -> throw cause;
        case null, default -> throw new IllegalStateException(e);
      }
    }
  }
}
