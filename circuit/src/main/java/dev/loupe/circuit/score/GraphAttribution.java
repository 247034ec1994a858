package dev.loupe.circuit.score;

import dev.loupe.circuit.graph.EdgeScores;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.graph.NodeScores;
import dev.loupe.circuit.run.Corrupted;
import dev.loupe.circuit.run.Corruption;
import dev.loupe.circuit.run.RunJournal;
import dev.loupe.lens.Interruption;
import dev.loupe.lens.Metric;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.SameLength;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.gradient.AttributionMethod;
import dev.loupe.lens.gradient.AttributionPatching;
import dev.loupe.lens.sweep.Fingerprint;
import dev.loupe.lens.sweep.SweepOptions;
import dev.loupe.model.HookedTransformer;
import dev.loupe.tensor.Threads;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.CancellationException;

/**
 * Scores every edge or every node of a model's graph at once: what it carries more in the clean run
 * than corrupted, times the gradient of the metric by what reads it, summed over positions and
 * averaged over prompts. Positive is what raises the metric. What information-flow routes give is
 * described at {@link EdgeScoring.InformationFlow}.
 *
 * <p>Prompts of one length are computed together, without pads. No tensor is ever made for an edge:
 * the edges into the heads of a block are one matrix product.
 *
 * <pre>{@code
 * var attribution =
 *     GraphAttribution.of(
 *         pairs, StandardMetric.LOGIT_DIFFERENCE, new EdgeScoring.EapIgInputs(5, Ends.REFERENCE));
 * var found = attribution.edges(model, Progress.none());
 * found.of(Edge.parse("a0.h1->a9.h6<k>"));   // the mean over prompts, with its standard error
 * }</pre>
 *
 * @param prompts the prompts
 * @param metric what edges raise; of information-flow routes it says no more than whether the
 *     logits are read at the last token alone
 * @param method how
 * @param corruption what is carried in the place of the clean value
 * @param memory the bound on what graphs hold at once, in bytes; none of it changes the numbers
 *     beyond rounding
 */
public record GraphAttribution(
    PromptPairs prompts, Metric metric, EdgeScoring method, Corruption corruption, long memory) {
  private static final int TOKENS = 1024;
  // What is kept of another way of computing it is not gone on with.
  private static final String WAY = "scores of edges 1";

  // How many tensors of each width a block records or makes on the way back, rather too many.
  private static final int STREAMS = 16;
  private static final int HEADS = 14;
  private static final int NEURONS = 8;
  private static final int PATTERNS = 10;
  private static final int LOGITS = 6;

  /**
   * Refuses metrics without a gradient, and too little memory.
   *
   * @throws IllegalArgumentException if the metric is the rank or the accuracy, or the KL
   *     divergence from the clean run by a method that knows the gradient of this run alone: it is
   *     always 0; and for less than 1 MiB
   */
  public GraphAttribution {
    if (method.isSigned()) {
      boolean cleanOnly = method instanceof EdgeScoring.Eap;
      if (cleanOnly && isDivergence(metric)) {
        throw new IllegalArgumentException(
            "the "
                + metric.label()
                + " from the clean run has its least value there, so its gradient is 0 and every"
                + " score by "
                + method
                + " would be: take eap-ig, eap-ig-activations or clean-corrupted, or another"
                + " metric");
      }
      var _ = AttributionPatching.requireSuited(metric, new AttributionMethod.IntegratedInputs(1));
    }
    if (memory < 1 << 20) {
      throw new IllegalArgumentException(
          "memory of " + memory + " bytes for gradients: expected at least 1 MiB");
    }
  }

  private static boolean isDivergence(Metric metric) {
    return metric == StandardMetric.KL_DIVERGENCE
        || (metric instanceof Metric.Recovery(var of) && isDivergence(of));
  }

  /** Returns attribution with values of the corrupted prompts, in a quarter of free memory. */
  public static GraphAttribution of(PromptPairs prompts, Metric metric, EdgeScoring method) {
    return new GraphAttribution(
        prompts, metric, method, Corruption.COUNTERFACTUAL, SweepOptions.standard().memory());
  }

  /** Returns this with another corruption. */
  public GraphAttribution corruptedBy(Corruption other) {
    return new GraphAttribution(prompts, metric, method, other, memory);
  }

  /** Returns this with another bound on memory, in bytes. */
  public GraphAttribution withMemory(long bytes) {
    return new GraphAttribution(prompts, metric, method, corruption, bytes);
  }

  /**
   * Scores every edge.
   *
   * @throws IllegalArgumentException if the prompts are not this model's
   * @throws IllegalStateException if the metric is not finite somewhere
   * @throws CancellationException if the thread is interrupted
   */
  public EdgeEstimates edges(HookedTransformer model, Progress progress) {
    return edges(model, RunJournal.none(), progress);
  }

  /**
   * Does as {@link #edges(HookedTransformer, Progress)}, and keeps the scores of each batch of
   * prompts: what is there already is not computed again.
   *
   * @throws IllegalArgumentException if the prompts are not this model's, or the metric is a
   *     function and something is to be kept
   * @throws IllegalStateException if the metric is not finite somewhere
   * @throws CancellationException if the thread is interrupted
   */
  public EdgeEstimates edges(HookedTransformer model, RunJournal journal, Progress progress) {
    var found = run(model, new EdgeProducts(model), journal, progress);
    return new EdgeEstimates(
        this, EdgeScores.of(GraphShape.of(model.config()), found.means()), found);
  }

  /**
   * Scores every node: by the gradient of what it writes, for information-flow routes by the
   * greatest of the edges that leave it.
   *
   * @throws IllegalArgumentException if the prompts are not this model's
   * @throws IllegalStateException if the metric is not finite somewhere
   * @throws CancellationException if the thread is interrupted
   */
  public NodeEstimates nodes(HookedTransformer model, Progress progress) {
    var shape = GraphShape.of(model.config());
    var found = run(model, new NodeProducts(shape), RunJournal.none(), progress);
    return new NodeEstimates(this, NodeScores.of(shape, found.means()), found);
  }

  private ScoreEstimates run(
      HookedTransformer model, Products products, RunJournal journal, Progress progress) {
    var fingerprint = journal.keeps() ? fingerprint(model) : "";
    var tally = new Tally(products.size());
    long passes = Math.max(1, method.backwardPasses(GraphShape.of(model.config())));
    var done = new long[1];
    long prompt = 0;
    var batches = SameLength.batches(prompts.clean(), length -> batch(model, products, length));
    var replacement = method.isSigned() ? corruption : Corruption.COUNTERFACTUAL;
    try (var corrupted = Corrupted.of(model, replacement, prompts, batches)) {
      for (int[] rows : batches) {
        var pairs = SameLength.unpadded(prompts, rows);
        Runnable passDone =
            () -> {
              done[0] += rows.length;
              progress.at(done[0], passes * prompts.size());
              Interruption.check("edges were scored");
            };
        double[][] found =
            journal.kept(
                () -> key(fingerprint, rows),
                () -> scores(model, products, corrupted, pairs, passDone));
        for (double[] own : found) {
          tally.add(own);
        }
        prompt += rows.length;
        done[0] = passes * prompt;
        progress.at(done[0], passes * prompts.size());
      }
    }
    return tally.estimates();
  }

  /** Returns a hash of all that decides the scores of edges. */
  private String fingerprint(HookedTransformer model) {
    return Fingerprint.of(
        model,
        prompts,
        metric,
        "%s %s %s threads %d"
            .formatted(WAY, method.describe(), corruption, Threads.matrixThreads()));
  }

  private static String key(String fingerprint, int... rows) {
    var digest = RunJournal.digest(fingerprint + " " + Arrays.toString(rows));
    return HexFormat.of().formatHex(digest.digest());
  }

  private double[][] scores(
      HookedTransformer model,
      Products products,
      Corrupted corrupted,
      PromptPairs pairs,
      Runnable passDone) {
    if (method.isSigned()) {
      return new GradientScores(model, products, corrupted, metric, pairs, passDone).by(method);
    }
    var routes = new FlowRoutes(model, metric.reads() != Metric.Reads.EVERY);
    double[][] found =
        products instanceof EdgeProducts
            ? routes.edges(pairs.clean())
            : routes.nodes(pairs.clean());
    passDone.run();
    return found;
  }

  private int batch(HookedTransformer model, Products products, int length) {
    var config = model.config();
    var shape = GraphShape.of(config);
    long heads = (long) config.nHeads() * config.dHead();
    long block =
        (long) STREAMS * config.dModel()
            + HEADS * heads
            + (long) NEURONS * config.dMlp()
            + (long) PATTERNS * config.nHeads() * length;
    // What sources write, and as much again in between; gradients of a block's heads.
    long rows = 2L * shape.sources() + 6L * shape.heads();
    long logits =
        (long) LOGITS * config.dVocab() * (metric.reads() == Metric.Reads.EVERY ? length : 1);
    int bytes = Math.max(Float.BYTES, model.weights().wE().dtype().bytes());
    long prompt =
        bytes * (length * (config.nLayers() * block + rows * config.dModel()) + logits)
            + 2L * Double.BYTES * products.size();
    return Math.clamp(Math.min(memory / prompt, TOKENS / length), 1, prompts.size());
  }

  /** Says what the scores are: of which metric, by which method, with what in place of values. */
  public String describe() {
    int pairs = prompts.size();
    var over = pairs == 1 ? "of 1 prompt" : "mean over " + pairs + " prompts";
    return method.isSigned()
        ? "%s; %s corruption, %s, summed over positions, %s"
            .formatted(method.describe(), corruption, metric.label(), over)
        : "%s; mean over positions, %s".formatted(method.describe(), over);
  }
}
