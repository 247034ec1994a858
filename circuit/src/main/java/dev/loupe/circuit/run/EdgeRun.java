package dev.loupe.circuit.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.lens.Metric;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.SameLength;
import dev.loupe.lens.sweep.Fingerprint;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.ModelConfig;
import dev.loupe.tensor.Threads;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Runs a model as circuits of it: each head's q, k and v, each MLP and the logits read of the
 * sources at the other end of their edges in the circuit what these add in this run, and of all
 * others what they add in the ablated run, through norms of their own. The circuit of all edges is
 * the clean run, that of none the ablated one. A source that no edges connect with the input adds
 * what it does in the ablated run, so that edges that lie on no path from the input to the logits
 * change nothing.
 *
 * <p>All circuits that are given at once share what they have in common, and what does not change
 * is not computed. Of few prompts the runs are kept in memory, until it is closed. Not for several
 * threads at once.
 */
public final class EdgeRun implements AutoCloseable {
  // Plans of circuits that have little in common take memory too.
  private static final int TOGETHER = 64;
  // What is kept of another way of computing it is not gone on with.
  private static final String WAY = "circuits 1";
  // Of what a target reads: before and after the norm, as q, k and v read it.
  private static final int INPUT_COPIES = 5;

  /**
   * How much memory is taken.
   *
   * @param columns bytes of what is computed at once, about
   * @param held bytes of runs of the prompts that are kept for the next circuits
   * @param tokens of prompts that are run together, at most
   */
  record Memory(long columns, long held, int tokens) {
    static final Memory STANDARD = new Memory(512L << 20, 1L << 30, 256);
  }

  private final HookedTransformer model;
  private final Memory memory;
  private final PromptPairs pairs;
  private final Metric metric;
  private final Corruption corruption;
  private final RunJournal journal;
  private final String fingerprint;
  private final GraphShape shape;
  private final List<int[]> batches;
  private final Corrupted corrupted;
  private final List<BatchState> held = new ArrayList<>();

  private EdgeRun(
      HookedTransformer model,
      PromptPairs pairs,
      Metric metric,
      Corruption corruption,
      RunJournal journal,
      Memory memory) {
    this.model = model;
    this.memory = memory;
    this.pairs = pairs;
    this.metric = metric;
    this.corruption = corruption;
    this.journal = journal;
    fingerprint =
        journal.keeps() ? Fingerprint.of(model, pairs, metric, WAY + " " + corruption) : "";
    var config = model.config();
    shape = GraphShape.of(config);
    long tokenBytes = columnBytes(1) * shape.sources();
    long tokens = Math.clamp(memory.columns() / 2 / tokenBytes, 1, memory.tokens());
    batches = SameLength.batches(pairs.clean(), length -> Math.toIntExact(tokens / length));
    corrupted = Corrupted.of(model, corruption, pairs, batches);
    if (stateBytes(config) <= memory.held()) {
      try {
        batches.forEach(rows -> held.add(state(rows)));
      } catch (RuntimeException | Error e) {
        close();
        throw e;
      }
    }
  }

  /**
   * Prepares a model, which must stay open, on pairs of prompts.
   *
   * @throws IllegalArgumentException if the prompts are not this model's
   */
  public static EdgeRun of(
      HookedTransformer model, PromptPairs pairs, Metric metric, Corruption corruption) {
    return of(model, pairs, metric, corruption, RunJournal.none());
  }

  /**
   * Does as {@link #of(HookedTransformer, PromptPairs, Metric, Corruption)}, and keeps what
   * circuits give: the same circuits asked for again, in the same order, are not run again.
   *
   * @param journal where it is kept, to stay open
   * @throws IllegalArgumentException if the prompts are not this model's, or the metric is a
   *     function and something is to be kept
   */
  public static EdgeRun of(
      HookedTransformer model,
      PromptPairs pairs,
      Metric metric,
      Corruption corruption,
      RunJournal journal) {
    return new EdgeRun(model, pairs, metric, corruption, journal, Memory.STANDARD);
  }

  static EdgeRun of(
      HookedTransformer model,
      PromptPairs pairs,
      Metric metric,
      Corruption corruption,
      Memory memory) {
    return new EdgeRun(model, pairs, metric, corruption, RunJournal.none(), memory);
  }

  private long columnBytes(int tokens) {
    return (long) tokens * shape.dModel() * model.weights().wE().dtype().bytes();
  }

  /** What the clean and the ablated run of all prompts take. */
  private long stateBytes(ModelConfig config) {
    long tokens = batches.stream().mapToLong(rows -> rows.length * (long) length(rows)).sum();
    long z = (long) config.nHeads() * config.dHead();
    long width = config.nLayers() * (z + 3L * config.dModel()) + 2L * config.dModel();
    return 2 * tokens * width * model.weights().wE().dtype().bytes();
  }

  private int length(int... rows) {
    return pairs.clean().row(rows[0]).length;
  }

  private BatchState state(int... rows) {
    return BatchState.of(model, pairs, metric, corrupted, rows);
  }

  /** Returns the graph of the model. */
  public GraphShape shape() {
    return shape;
  }

  /** Returns the pairs that it runs on. */
  public PromptPairs pairs() {
    return pairs;
  }

  /** Returns what is measured. */
  public Metric metric() {
    return metric;
  }

  /** Returns what stands in the place of what is outside a circuit. */
  public Corruption corruption() {
    return corruption;
  }

  /** Returns the metric of the clean run, pair by pair. */
  public double[] clean() {
    return of(EdgeSet.all(shape));
  }

  /** Returns the metric of the run in which all is ablated, pair by pair. */
  public double[] ablated() {
    return of(EdgeSet.none(shape));
  }

  /**
   * Returns the metric of a circuit, pair by pair.
   *
   * @throws IllegalArgumentException if it is of another graph, or the metric does not suit the
   *     answers
   * @throws IllegalStateException if it is not a number somewhere
   */
  public double[] of(EdgeSet circuit) {
    return of(List.of(circuit), Progress.none())[0];
  }

  /**
   * Returns the metric of several circuits, [circuit][pair], which are run together.
   *
   * @throws IllegalArgumentException if one is of another graph, or the metric does not suit the
   *     answers
   * @throws IllegalStateException if it is not a number somewhere
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   */
  public double[][] of(List<EdgeSet> circuits, Progress progress) {
    var values = new double[circuits.size()][pairs.size()];
    long total = (long) circuits.size() * batches.size();
    long done = 0;
    for (int from = 0; from < circuits.size(); from += TOGETHER) {
      var together = circuits.subList(from, Math.min(from + TOGETHER, circuits.size()));
      var parts = new ArrayList<Part>();
      for (int batch = 0; batch < batches.size(); batch++) {
        int at = batch;
        long before = done;
        double[][] found =
            journal.kept(
                () -> key(together, at),
                () -> run(together, parts, at, sure -> progress.at(before + sure, total)));
        store(found, values, from, batches.get(batch));
        done += together.size();
        progress.at(done, total);
      }
    }
    return values;
  }

  /** Runs circuits on a batch; their parts are planned where none was run before. */
  private double[][] run(
      List<EdgeSet> circuits, List<Part> parts, int batch, IntConsumer finished) {
    if (parts.isEmpty()) {
      split(circuits, 0, parts);
    }
    var values = new double[circuits.size()][];
    var done = new int[1];
    var state = held.isEmpty() ? state(batches.get(batch)) : held.get(batch);
    try {
      Passes.run(
          model,
          parts.stream().map(Part::plan).toList(),
          state,
          (part, found) -> {
            requireNumbers(found, state.rows());
            System.arraycopy(found, 0, values, parts.get(part).from(), found.length);
            done[0] += found.length;
            finished.accept(done[0]);
          });
    } finally {
      if (held.isEmpty()) {
        state.close();
      }
    }
    return values;
  }

  /**
   * Names circuits on a batch, with how many cores: the last digits of what they give depend on.
   */
  private String key(List<EdgeSet> circuits, int batch) {
    var digest = RunJournal.digest(fingerprint);
    digest.update(("batch " + batch + ", threads " + Threads.matrixThreads()).getBytes(UTF_8));
    for (var circuit : circuits) {
      var edges = new BitSet(shape.edges());
      circuit.numbers().forEach(edges::set);
      digest.update(Arrays.copyOf(edges.toByteArray(), shape.edges() / Byte.SIZE + 1));
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private record Part(int from, EdgePlan plan) {}

  /** Cuts circuits into parts whose columns fit into memory. */
  private void split(List<EdgeSet> circuits, int from, List<Part> parts) {
    var plan = EdgePlan.of(shape, metric.reads() == Metric.Reads.EVERY, circuits);
    boolean fits = bytes(plan) <= memory.columns() / Threads.matrixThreads();
    if (fits || circuits.size() == 1) {
      parts.add(new Part(from, plan));
      return;
    }
    int half = circuits.size() / 2;
    split(circuits.subList(0, half), from, parts);
    split(circuits.subList(half, circuits.size()), from + half, parts);
  }

  private long bytes(EdgePlan plan) {
    int prompts = batches.stream().mapToInt(rows -> rows.length).max().orElseThrow();
    int tokens = batches.stream().mapToInt(rows -> rows.length * length(rows)).max().orElseThrow();
    return (plan.columns(true) + plan.mlps() + INPUT_COPIES * plan.widest()) * columnBytes(tokens)
        + plan.columns(false) * columnBytes(prompts);
  }

  private static void store(double[][] found, double[][] into, int from, int... rows) {
    for (int circuit = 0; circuit < found.length; circuit++) {
      for (int i = 0; i < rows.length; i++) {
        into[from + circuit][rows[i]] = found[circuit][i];
      }
    }
  }

  private void requireNumbers(double[][] found, List<Integer> rows) {
    for (double[] prompts : found) {
      for (int i = 0; i < prompts.length; i++) {
        if (Double.isNaN(prompts[i])) {
          throw new IllegalStateException(
              "the "
                  + metric.label()
                  + " of a circuit is not a number for prompt "
                  + rows.get(i)
                  + ": the model overflows, or the ablation leaves it nothing to compute with");
        }
      }
    }
  }

  /** Frees what it keeps of the runs. */
  @Override
  public void close() {
    held.forEach(BatchState::close);
    held.clear();
    corrupted.close();
  }
}
