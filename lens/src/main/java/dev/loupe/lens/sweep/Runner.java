package dev.loupe.lens.sweep;

import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Progress;
import dev.loupe.tensor.TensorException;
import dev.loupe.tensor.Threads;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Carries out jobs on several threads: some blocks of prompts at a time, their chunks spread over
 * the threads. The thread that calls it waits, tells of progress and can be interrupted.
 */
final class Runner implements AutoCloseable {
  private final Sweep sweep;
  private final SweepOptions options;
  private final Progress progress;
  private final Optional<SweepFolder> folder;
  private final CellValues values;
  private final double[] clean;
  private final double[] corrupted;
  private final Cancellation cancellation = new Cancellation();
  private final ConcurrentLinkedQueue<String> notes = new ConcurrentLinkedQueue<>();
  private final ExecutorService pool;
  private final int matrixThreads = MatrixThreads.take();
  private long done;

  Runner(Sweep sweep, SweepOptions options, Progress progress, Optional<SweepFolder> folder) {
    this.sweep = sweep;
    this.options = options;
    this.progress = progress;
    this.folder = folder;
    values = new CellValues(sweep.grid().size(), sweep.prompts().size());
    clean = new double[sweep.prompts().size()];
    corrupted = new double[sweep.prompts().size()];
    Arrays.fill(clean, Double.NaN);
    Arrays.fill(corrupted, Double.NaN);
    pool =
        Executors.newFixedThreadPool(
            options.threads(), Thread.ofPlatform().name("sweep-", 0).daemon().factory());
  }

  /** Returns what has been computed so far. */
  SweepResult result() {
    return new SweepResult(sweep, clean, corrupted, values);
  }

  /** Tells the threads to stop where they are asked to ask it. */
  Cancellation cancellation() {
    return cancellation;
  }

  /**
   * Carries out jobs.
   *
   * @throws SweepInterruptedException if the calling thread is interrupted
   */
  void run(List<Job> jobs) {
    for (int from = 0; from < jobs.size(); from += options.threads()) {
      int to = Math.min(from + options.threads(), jobs.size());
      wave(from, jobs.subList(from, to));
    }
  }

  /** Computes groups of cells as whole runs. */
  void runWhole(List<List<Integer>> groups, WholeRuns runs) {
    for (int i = 0; i < groups.size(); i++) {
      int number = i;
      var cells = groups.get(i);
      var stored =
          folder.flatMap(f -> f.read("whole", number)).filter(c -> c.cells().equals(cells));
      var chunk = stored.isPresent() ? stored.get() : compute(() -> whole(number, cells, runs));
      accept(chunk);
    }
  }

  /** Computes cells over all prompts: the metric of each by cell and prompt. */
  interface WholeRuns {
    double[][] compute(List<Integer> cells);
  }

  private StoredChunk whole(int number, List<Integer> cells, WholeRuns runs) {
    var rows = IntStream.range(0, sweep.prompts().size()).boxed().toList();
    var chunk = new StoredChunk(cells, rows, clean, corrupted, runs.compute(cells));
    folder.ifPresent(f -> f.write("whole", number, chunk));
    return chunk;
  }

  /** Computes one thing on a thread of its own, so that the caller can be interrupted. */
  <T> T compute(Callable<T> body) {
    return await(List.of(body), result -> {}).getFirst();
  }

  private void wave(int first, List<Job> jobs) {
    // Also those that were opened while another failed.
    var opened = new ConcurrentLinkedQueue<SweepBlock>();
    try {
      var unfinished = new ArrayList<Job>();
      var tasks = new ArrayList<Callable<StoredChunk>>();
      var names = new ArrayList<String>();
      for (int i = 0; i < jobs.size(); i++) {
        var job = jobs.get(i);
        if (!takeStored("block-" + (first + i), job)) {
          unfinished.add(job);
          names.add("block-" + (first + i));
        }
      }
      var openings =
          unfinished.stream()
              .<Callable<SweepBlock>>map(job ->
                  () -> {
                    var block = job.open().apply(cancellation);
                    opened.add(block);
                    return block;
                  })
              .toList();
      var blocks = await(openings, block -> {});
      for (int i = 0; i < unfinished.size(); i++) {
        takeBaselines(unfinished.get(i), blocks.get(i));
        tasks.addAll(tasks(names.get(i), unfinished.get(i), blocks.get(i)));
      }
      await(tasks, this::accept);
    } finally {
      opened.forEach(SweepBlock::close);
    }
  }

  /** Takes a job's results from the folder where all of them are there. */
  private boolean takeStored(String name, Job job) {
    if (folder.isEmpty() || job.chunks().isEmpty()) {
      return false;
    }
    var stored =
        IntStream.range(0, job.chunks().size())
            .mapToObj(i -> stored(name, i, job))
            .flatMap(Optional::stream)
            .toList();
    if (stored.size() < job.chunks().size()) {
      return false;
    }
    for (int i = 0; i < job.rows().size(); i++) {
      clean[job.rows().get(i)] = stored.getFirst().clean()[i];
      corrupted[job.rows().get(i)] = stored.getFirst().corrupted()[i];
    }
    takeUnchanged(job);
    stored.forEach(this::accept);
    return true;
  }

  // Another version may have cut the sweep in other chunks.
  private Optional<StoredChunk> stored(String name, int index, Job job) {
    return folder
        .flatMap(f -> f.read(name, index))
        .filter(chunk -> chunk.cells().equals(job.chunks().get(index)))
        .filter(chunk -> chunk.rows().equals(job.rows()));
  }

  private void takeBaselines(Job job, SweepBlock block) {
    double[] blockClean = block.clean();
    double[] blockCorrupted = block.corrupted();
    for (int i = 0; i < job.rows().size(); i++) {
      int row = job.rows().get(i);
      clean[row] = finite(blockClean[i], "of clean prompt " + row);
      corrupted[row] = finite(blockCorrupted[i], "of corrupted prompt " + row);
    }
    takeUnchanged(job);
  }

  private void takeUnchanged(Job job) {
    double[] base = sweep.direction() == PatchDirection.DENOISING ? corrupted : clean;
    for (int cell : job.unchanged()) {
      job.rows().forEach(row -> values.set(cell, row, base[row]));
    }
    advance((long) job.unchanged().size() * job.rows().size());
  }

  private List<Callable<StoredChunk>> tasks(String name, Job job, SweepBlock block) {
    var tasks = new ArrayList<Callable<StoredChunk>>();
    for (int i = 0; i < job.chunks().size(); i++) {
      int index = i;
      var stored = stored(name, index, job);
      tasks.add(
          stored.isPresent()
              ? stored::get
              : () -> {
                var cells = job.chunks().get(index);
                var chunk =
                    new StoredChunk(
                        cells,
                        job.rows(),
                        block.clean(),
                        block.corrupted(),
                        computed(block, cells));
                folder.ifPresent(f -> f.write(name, index, chunk));
                return chunk;
              });
    }
    return tasks;
  }

  private double[][] computed(SweepBlock block, List<Integer> cells) {
    try {
      return block.compute(cells, cancellation);
    } catch (TensorException e) {
      if (!e.isOutOfMemory() || cells.size() == 1) {
        throw e;
      }
      int half = cells.size() / 2;
      notes.add(
          "memory ran out with " + cells.size() + " cells at once; trying " + half + " at once");
      var all = new ArrayList<>(Arrays.asList(computed(block, cells.subList(0, half))));
      all.addAll(Arrays.asList(computed(block, cells.subList(half, cells.size()))));
      return all.toArray(double[][]::new);
    }
  }

  private void accept(StoredChunk chunk) {
    for (int i = 0; i < chunk.cells().size(); i++) {
      int cell = chunk.cells().get(i);
      for (int j = 0; j < chunk.rows().size(); j++) {
        int row = chunk.rows().get(j);
        double value = chunk.values()[i][j];
        values.set(
            cell, row, finite(value, "of cell " + sweep.grid().labels(cell) + ", prompt " + row));
      }
    }
    advance((long) chunk.cells().size() * chunk.rows().size());
  }

  private double finite(double value, String of) {
    if (!Double.isFinite(value)) {
      throw new IllegalStateException(
          "the "
              + sweep.metric().label()
              + " "
              + of
              + " is "
              + value
              + ": the model overflows; compute in a wider type or check its weights");
    }
    return value;
  }

  private void advance(long steps) {
    if (steps > 0) {
      done += steps;
      progress.at(done, (long) sweep.grid().size() * sweep.prompts().size());
    }
  }

  /** Waits for tasks, taking each result as it comes, and returns them in order. */
  private <T> List<T> await(List<Callable<T>> tasks, Consumer<T> arrival) {
    if (tasks.isEmpty()) {
      return List.of();
    }
    // Few tasks leave cores to their matrix products; many have one each.
    Threads.setMatrixThreads(Math.clamp(options.threads() / tasks.size(), 1, matrixThreads));
    var service = new ExecutorCompletionService<T>(pool);
    var futures = tasks.stream().map(service::submit).toList();
    try {
      for (int i = 0; i < tasks.size(); i++) {
        if (Thread.currentThread().isInterrupted()) {
          throw new InterruptedException();
        }
        arrival.accept(service.take().get());
        tellNotes();
      }
      return futures.stream().map(Future::resultNow).toList();
    } catch (InterruptedException e) {
      stop();
      Thread.currentThread().interrupt();
      throw new SweepInterruptedException(
          "interrupted after "
              + done
              + " of "
              + (long) sweep.grid().size() * sweep.prompts().size(),
          result());
    } catch (ExecutionException e) {
      stop();
      switch (e.getCause()) {
        case RuntimeException cause -> throw cause;
        case Error cause -> throw cause;
        case null, default -> throw new IllegalStateException(e.getCause());
      }
    } catch (RuntimeException | Error e) {
      // What the caller does with a result may fail; no thread may go on then.
      stop();
      throw e;
    }
  }

  private void tellNotes() {
    for (var note = notes.poll(); note != null; note = notes.poll()) {
      progress.note(note);
    }
  }

  /** Ends the threads: no tensor may be freed while one of them still reads it. */
  private void stop() {
    cancellation.cancel();
    pool.shutdownNow();
    boolean interrupted = false;
    while (!pool.isTerminated()) {
      try {
        if (pool.awaitTermination(1, TimeUnit.MINUTES)) {
          break;
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    stop();
    MatrixThreads.giveBack();
  }
}
