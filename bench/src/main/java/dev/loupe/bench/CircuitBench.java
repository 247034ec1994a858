package dev.loupe.bench;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.graph.EdgeScores;
import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.EdgeTarget;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.graph.Ranking;
import dev.loupe.circuit.graph.Selection;
import dev.loupe.circuit.run.CircuitEvaluation;
import dev.loupe.circuit.run.Corruption;
import dev.loupe.circuit.run.EdgeRun;
import dev.loupe.circuit.run.FaithfulnessCurve;
import dev.loupe.circuit.run.Granularity;
import dev.loupe.circuit.score.Acdc;
import dev.loupe.circuit.score.EdgeScoring;
import dev.loupe.circuit.score.GraphAttribution;
import dev.loupe.lens.Metric;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.gradient.Gradients;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.LoadOptions;
import dev.loupe.tensor.TensorScope;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;

/**
 * Measures scores of edges, runs of circuits and their discovery beside forward passes over the
 * same prompts, on a model of GPT-2 small's shape: prompts of 16 tokens that differ in three.
 */
final class CircuitBench {
  private static final Metric METRIC = StandardMetric.LOGIT_DIFFERENCE;
  private static final int PROMPTS = 32;
  private static final int FEW_PROMPTS = 8;
  private static final int TIMES = 5;
  // What ACDC's threshold is the score of, about: the edges that a circuit may keep.
  private static final List<Integer> KEPT = List.of(100, 300);

  private final HookedTransformer model;
  private final GraphShape shape;

  private CircuitBench(HookedTransformer model) {
    this.model = model;
    shape = GraphShape.of(model.config());
  }

  /**
   * Prints all.
   *
   * @param withAcdc whether ACDC too, which takes minutes
   */
  static void run(boolean withAcdc) {
    try (var model =
        HookedTransformer.load(Gpt2Small.folder().toString(), LoadOptions.standard())) {
      var bench = new CircuitBench(model);
      bench.scores();
      if (withAcdc) {
        bench.discovery();
      }
    }
  }

  // ---- Scores and what circuits of them do

  private void scores() {
    var prompts = SweepBench.Corruption.NAMES.prompts(PROMPTS);
    double forward = forward(prompts);
    double needed = Timing.middle(TIMES, () -> needed(prompts));
    System.out.printf(
        Locale.ROOT,
        "%d prompts of 16 tokens%na forward pass that gives the last logits: %.3f s%n"
            + "two forward passes and a backward pass: %.3f s = %.1f forward passes%n",
        PROMPTS,
        forward,
        needed,
        needed / forward);
    for (var method :
        List.of(
            new EdgeScoring.Eap(),
            new EdgeScoring.CleanCorrupted(),
            new EdgeScoring.InformationFlow())) {
      double seconds = Timing.middle(TIMES, () -> edges(prompts, method));
      System.out.printf(
          Locale.ROOT,
          "%-16s %,d edges: %.2f s = %.1f forward passes, %.1f above those two and one%n",
          method,
          shape.edges(),
          seconds,
          seconds / forward,
          (seconds - needed) / forward);
    }
    var scores = edges(prompts, new EdgeScoring.Eap());
    double curve = Timing.middle(TIMES, () -> curve(prompts, scores));
    System.out.printf(
        Locale.ROOT,
        "faithfulness of %d sizes, with the clean and the ablated run: %.2f s = %.1f forward passes%n",
        FaithfulnessCurve.SHARES.size(),
        curve,
        curve / forward);
  }

  private double forward(PromptPairs prompts) {
    return Timing.middle(TIMES, () -> GradientBench.forward(model, prompts));
  }

  /** The clean and the corrupted run, and from the metric of the clean one back to its input. */
  private void needed(PromptPairs prompts) {
    try (var _ = TensorScope.open()) {
      GradientBench.forward(model, prompts);
      Gradients.of(METRIC, prompts.answers()).at(model, prompts.clean(), HookPoint.residPre(0));
    }
  }

  private EdgeScores edges(PromptPairs prompts, EdgeScoring method) {
    return GraphAttribution.of(prompts, METRIC, method).edges(model, Progress.none()).scores();
  }

  private void curve(PromptPairs prompts, EdgeScores scores) {
    try (var run = EdgeRun.of(model, prompts, METRIC, Corruption.COUNTERFACTUAL)) {
      new CircuitEvaluation(run, Granularity.EDGE)
          .curve(n -> new Selection.Greedy(n, Ranking.ABSOLUTE).of(scores), Progress.none());
    }
  }

  // ---- ACDC

  private void discovery() {
    var prompts = SweepBench.Corruption.NAMES.prompts(FEW_PROMPTS);
    double forward = forward(prompts);
    System.out.printf(
        Locale.ROOT,
        "%n%d prompts of 16 tokens%na forward pass that gives the last logits: %.3f s%n",
        FEW_PROMPTS,
        forward);
    double[] sizes =
        Arrays.stream(edges(prompts, new EdgeScoring.Eap()).values())
            .map(Math::abs)
            .sorted()
            .toArray();
    for (int kept : KEPT) {
      var acdc = new Acdc(METRIC, sizes[sizes.length - kept], Acdc.Counted.CHANGE);
      long start = System.nanoTime();
      var found = acdc.find(model, prompts, Corruption.COUNTERFACTUAL, Progress.none());
      double seconds = (System.nanoTime() - start) / 1e9;
      int tested = tested(found.edges());
      System.out.printf(
          Locale.ROOT,
          "%s: %d of %,d edges stay, %,d tested by %,d runs in %.1f s%n"
              + "  a forward pass for each edge tested %.0f s = %.1f x, for every edge %.0f s = %.1f x%n",
          acdc,
          found.edges().size(),
          shape.edges(),
          tested,
          found.runs(),
          seconds,
          tested * forward,
          tested * forward / seconds,
          shape.edges() * forward,
          shape.edges() * forward / seconds);
    }
  }

  /** Returns how many edges go into nodes that are read: ACDC runs nothing for the others. */
  private int tested(EdgeSet circuit) {
    var read = new BitSet();
    circuit.numbers().map(shape::sourceOf).forEach(read::set);
    int tested = 0;
    for (int target = 0; target < shape.targets(); target++) {
      boolean isRead =
          switch (shape.target(target)) {
            case EdgeTarget.OfHead(var head, _) -> read.get(shape.number(CircuitNode.of(head)));
            case EdgeTarget.OfMlp(var layer) -> read.get(shape.number(CircuitNode.mlp(layer)));
            case EdgeTarget.Logits _ -> true;
          };
      tested += isRead ? shape.reads(target) : 0;
    }
    return tested;
  }
}
