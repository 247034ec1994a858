package dev.loupe.cli;

import dev.loupe.circuit.graph.EdgeScores;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.graph.NodeScores;
import dev.loupe.circuit.graph.Ranking;
import dev.loupe.circuit.run.Corruption;
import dev.loupe.circuit.run.EdgeRun;
import dev.loupe.circuit.run.RunJournal;
import dev.loupe.circuit.score.EdgeScoring;
import dev.loupe.circuit.score.Ends;
import dev.loupe.circuit.score.ExactEdges;
import dev.loupe.circuit.score.ExactNodes;
import dev.loupe.circuit.score.GraphAttribution;
import dev.loupe.lens.Metric;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.model.HookedTransformer;
import dev.loupe.study.circuits.CircuitScores;
import java.util.Optional;
import java.util.stream.IntStream;

/** How edges or nodes are scored, by the names of the command line. */
sealed interface CircuitMethod {
  /**
   * Estimates all edges at once.
   *
   * @param scoring how
   */
  record Estimated(EdgeScoring scoring) implements CircuitMethod {
    @Override
    public String toString() {
      return scoring.toString();
    }
  }

  /** Patches every edge alone. */
  record Exact() implements CircuitMethod {
    @Override
    public String toString() {
      return "exact";
    }
  }

  /** Patches every node alone. */
  record Nodes() implements CircuitMethod {
    @Override
    public String toString() {
      return "node";
    }
  }

  /** Tries edge after edge while it chooses. */
  record Search() implements CircuitMethod {
    @Override
    public String toString() {
      return "acdc";
    }
  }

  /**
   * Reads a name: the reverse of {@code toString}.
   *
   * @throws IllegalArgumentException if there is no such method, or too few steps
   */
  static CircuitMethod parse(String name, int steps, Ends ends) {
    return switch (name.strip()) {
      case "acdc" -> new Search();
      case "exact" -> new Exact();
      case "node" -> new Nodes();
      case "eap", "eap-ig", "eap-ig-activations", "clean-corrupted", "ifr" ->
          new Estimated(EdgeScoring.parse(name, steps, ends));
      default ->
          throw new IllegalArgumentException(
              "--method "
                  + name
                  + ": expected acdc, eap, eap-ig, eap-ig-activations, clean-corrupted, exact, ifr"
                  + " or node");
    };
  }

  /** Tells whether an integral has steps and end points. */
  default boolean integrates() {
    return this instanceof Estimated(var scoring)
        && (scoring instanceof EdgeScoring.EapIgInputs
            || scoring instanceof EdgeScoring.EapIgActivations);
  }

  /** Tells whether every edge has a score before a circuit is chosen. */
  default boolean scoresEdges() {
    return this instanceof Estimated || this instanceof Exact;
  }

  /** Tells whether it needs no other run than the clean one. */
  default boolean readsCleanAlone() {
    return this instanceof Estimated(EdgeScoring.InformationFlow _);
  }

  /** Says in a few words what it does. */
  default String describe() {
    return switch (this) {
      case Estimated(var scoring) -> scoring.describe();
      case Exact _ -> "every edge patched alone: what the metric loses without its clean value";
      case Nodes _ ->
          "every node patched alone, at all positions: what the metric loses without its clean"
              + " value";
      case Search _ ->
          "from the logits backwards, every edge tried and removed where that changes the metric by"
              + " less than the threshold";
    };
  }

  /**
   * Scores every edge, or every node.
   *
   * @param journal takes what is finished, and gives what was
   * @throws IllegalArgumentException if the prompts, the metric or the corruption do not suit
   */
  default CircuitScores scores(
      HookedTransformer model,
      PromptPairs pairs,
      Metric metric,
      Corruption corruption,
      RunJournal journal,
      Progress progress) {
    var shape = GraphShape.of(model.config());
    return switch (this) {
      case Estimated(var scoring) -> {
        var found =
            GraphAttribution.of(pairs, metric, scoring)
                .corruptedBy(corruption)
                .edges(model, journal, progress);
        yield new CircuitScores(
            shape,
            Optional.of(found.scores()),
            Optional.of(found.estimates()),
            scoring.isSigned() ? summed(found.scores()) : greatest(found.scores()),
            Optional.empty(),
            scoring.isSigned() ? SUM : "the greatest of the edges that leave it",
            scoring.isSigned());
      }
      case Exact _ -> {
        ExactEdges found;
        try (var run = EdgeRun.of(model, pairs, metric, corruption, journal)) {
          found = ExactEdges.of(run, progress);
        }
        yield new CircuitScores(
            shape,
            Optional.of(found.scores()),
            Optional.of(found.estimates()),
            summed(found.scores()),
            Optional.empty(),
            SUM,
            true);
      }
      case Nodes _ -> {
        ExactNodes found;
        try (var run = EdgeRun.of(model, pairs, metric, corruption, journal)) {
          found = ExactNodes.of(run, progress);
        }
        yield new CircuitScores(
            shape,
            Optional.empty(),
            Optional.empty(),
            found.scores(),
            Optional.of(found.estimates()),
            "what the metric loses without its clean value",
            true);
      }
      case Search _ -> throw new IllegalStateException("ACDC scores edges while it chooses");
    };
  }

  /** What the score of a node is where edges were scored. */
  String SUM = "the sum of the edges that leave it";

  /** Returns the scores that ACDC met on its way. */
  static CircuitScores scores(EdgeScores tried) {
    return new CircuitScores(
        tried.shape(),
        Optional.of(tried),
        Optional.empty(),
        summed(tried),
        Optional.empty(),
        SUM,
        true);
  }

  private static NodeScores summed(EdgeScores edges) {
    return NodeScores.leaving(edges, Ranking.SIGNED);
  }

  private static NodeScores greatest(EdgeScores edges) {
    var shape = edges.shape();
    double[] values =
        IntStream.range(0, shape.sources())
            .mapToDouble(source ->
                IntStream.range(shape.firstTarget(source), shape.targets())
                    .mapToDouble(target -> edges.score(shape.edge(source, target)))
                    .max()
                    .orElseThrow())
            .toArray();
    return NodeScores.of(shape, values);
  }
}
