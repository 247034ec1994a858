package dev.loupe.explorer;

import dev.loupe.circuit.Circuit;
import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.WriteBudget;
import dev.loupe.circuit.WriteCosts;
import dev.loupe.circuit.graph.EdgeScores;
import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.EdgeTarget;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.graph.Ranking;
import dev.loupe.circuit.graph.Selection;
import dev.loupe.circuit.run.CircuitEvaluation;
import dev.loupe.circuit.run.Corruption;
import dev.loupe.circuit.run.EdgeRun;
import dev.loupe.circuit.run.Granularity;
import dev.loupe.circuit.run.RandomCircuits;
import dev.loupe.circuit.score.EdgeScoring;
import dev.loupe.circuit.score.Ends;
import dev.loupe.circuit.score.GraphAttribution;
import dev.loupe.lens.Metric;
import dev.loupe.lens.Progress;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.HookedTransformer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * The circuit so far: how it hangs together, what it costs, and how much of the behaviour it has.
 */
final class CircuitView {
  private static final String LOGITS = "logits";
  private static final int MOST_EDGES = 80;
  private static final int RANDOM = 20;
  private static final int AT_ONCE = 4;
  private static final long SEED = 0;

  private final HookedTransformer model;
  private final Asked asked;
  private final GraphShape shape;

  CircuitView(HookedTransformer model, Asked asked) {
    this.model = model;
    this.asked = asked;
    shape = GraphShape.of(model.config());
  }

  /** The nodes, what they write together, and what they may. */
  record Start(String type, List<String> nodes, int dimensions, int budget, int whole) {}

  /** An edge and its score by attribution; of a head's q, k and v together. */
  record Edge(String from, String to, double score) {}

  /** The edges between the nodes whose scores are largest. */
  record Graph(String type, List<Edge> edges, String words) {}

  /** The share of the behaviour that the circuit has, and its metric. */
  record Faithful(String type, double value, double metric, String words) {}

  /** The faithfulness of one more random circuit. */
  record Random(String type, int done, int total, double value) {}

  /** The faithfulness of all random circuits. */
  record Baseline(String type, double mean, double low, double high) {}

  /** A circuit that the page may take over. */
  record Suggested(List<String> nodes, String words) {}

  /**
   * Reads the nodes of the page.
   *
   * @throws BadQuestion naming the node that the model has not
   */
  static List<CircuitNode> nodes(HookedTransformer model, JsonNode json) {
    var names = json.path("nodes");
    var nodes = new LinkedHashSet<CircuitNode>();
    int most = GraphShape.of(model.config()).sources();
    if (!names.isArray() || names.size() > most) {
      throw new BadQuestion(
          "nodes", "nodes is no list of at most %d names such as a0.h1 and m0".formatted(most));
    }
    for (var name : names) {
      if (!name.isString()) {
        throw new BadQuestion(
            "nodes", "Node %s: expected a name such as a0.h1 or m0".formatted(name));
      }
      try {
        nodes.add(CircuitNode.parse(name.stringValue()).requireIn(model.config()));
      } catch (IllegalArgumentException e) {
        throw Question.bad("nodes", e);
      }
    }
    return nodes.stream().sorted().toList();
  }

  /**
   * Measures a circuit.
   *
   * @throws BadQuestion if the question does not suit it
   */
  void run(List<CircuitNode> chosen, String ablation, Lines out) {
    long start = System.nanoTime();
    var corruption = corruption(ablation);
    var pairs = asked.requirePair();
    var nodes = withInput(chosen);
    var costs = WriteCosts.of(model.config());
    out.write(
        new Start(
            "start",
            Stream.concat(nodes.stream().map(CircuitNode::toString), Stream.of(LOGITS)).toList(),
            costs.of(nodes),
            WriteBudget.standard().in(model.config()),
            Math.toIntExact(WriteBudget.whole(model.config()))));
    out.write(graph(nodes));
    try (var run = EdgeRun.of(model, pairs, asked.question().metric(), corruption)) {
      var evaluation = new CircuitEvaluation(run, Granularity.NODE);
      var circuit = EdgeSet.between(shape, nodes);
      var found = evaluation.faithfulness(circuit);
      out.write(
          new Faithful(
              "faithfulness",
              found.share().mean(),
              found.circuit().mean(),
              found.measured().toString()));
      random(evaluation, circuit, out);
    }
    out.write(new HeadGrid.End("end", (System.nanoTime() - start) / 1e9));
  }

  private static List<CircuitNode> withInput(List<CircuitNode> nodes) {
    return Stream.concat(Stream.of(CircuitNode.input()), nodes.stream()).distinct().toList();
  }

  private void random(CircuitEvaluation evaluation, EdgeSet circuit, Lines out) {
    var shares = new ArrayList<Double>();
    for (long seed = SEED; shares.size() < RANDOM; seed++) {
      var drawn = evaluation.random(circuit, AT_ONCE, seed, Progress.none());
      for (double share : drawn.shares()) {
        shares.add(share);
        out.write(new Random("random", shares.size(), RANDOM, share));
      }
    }
    var all = new RandomCircuits(shares, .95, SEED, evaluation.measured());
    out.write(new Baseline("baseline", all.mean(), all.interval().low(), all.interval().high()));
  }

  private static Corruption corruption(String name) {
    return switch (name) {
      case "", "counterfactual" -> Corruption.COUNTERFACTUAL;
      case "zero" -> Corruption.ZERO;
      default ->
          throw new BadQuestion(
              "ablation", "ablation is \"%s\": expected counterfactual or zero".formatted(name));
    };
  }

  // ---- The graph

  private Graph graph(List<CircuitNode> nodes) {
    var attribution = GraphAttribution.of(asked.requirePair(), scored(), new EdgeScoring.Eap());
    var scores = attribution.edges(model, Progress.none()).scores();
    return new Graph("graph", edges(nodes, scores), attribution.describe());
  }

  private List<Edge> edges(List<CircuitNode> nodes, EdgeScores scores) {
    Set<CircuitNode> kept = Set.copyOf(nodes);
    Map<List<String>, Double> sums = new LinkedHashMap<>();
    for (int target = 0; target < shape.targets(); target++) {
      var into = name(shape.target(target), kept);
      if (into.isEmpty()) {
        continue;
      }
      for (int source = 0; source < shape.reads(target); source++) {
        var from = shape.source(source);
        if (kept.contains(from)) {
          sums.merge(
              List.of(from.toString(), into),
              scores.score(shape.edge(source, target)),
              Double::sum);
        }
      }
    }
    return sums.entrySet().stream()
        .map(each -> new Edge(each.getKey().get(0), each.getKey().get(1), each.getValue()))
        .sorted(Comparator.comparingDouble(edge -> -Math.abs(edge.score())))
        .limit(MOST_EDGES)
        .toList();
  }

  /** Returns the node whose input it is; empty where that is not in the circuit. */
  private static String name(EdgeTarget target, Set<CircuitNode> kept) {
    return switch (target) {
      case EdgeTarget.OfHead(var head, _) -> name(CircuitNode.of(head), kept);
      case EdgeTarget.OfMlp(int layer) -> name(CircuitNode.mlp(layer), kept);
      case EdgeTarget.Logits _ -> LOGITS;
    };
  }

  private static String name(CircuitNode node, Set<CircuitNode> kept) {
    return kept.contains(node) ? node.toString() : "";
  }

  /** Returns what edges are scored by: ranks and the like have no gradient. */
  private Metric scored() {
    var metric = asked.question().metric();
    boolean smooth =
        metric == StandardMetric.LOGIT_DIFFERENCE
            || metric == StandardMetric.PROBABILITY
            || metric == StandardMetric.PROBABILITY_DIFFERENCE;
    return smooth ? metric : StandardMetric.LOG_PROBABILITY;
  }

  // ---- A circuit to begin with

  /** Returns nodes within the write budget, those of the largest attribution first. */
  Suggested suggest() {
    var attribution =
        GraphAttribution.of(
            asked.requirePair(), scored(), new EdgeScoring.EapIgInputs(5, Ends.MIDPOINTS));
    var scores = attribution.nodes(model, Progress.none()).scores();
    var budget = WriteBudget.standard();
    var filling = Selection.Budget.of(budget, model.config(), Ranking.ABSOLUTE).filling(scores);
    var nodes =
        filling.circuit().nodes().stream()
            .filter(node -> !node.equals(CircuitNode.input()))
            .map(CircuitNode::toString)
            .toList();
    return new Suggested(
        nodes,
        "%d nodes by %s, within %,d of %,d dimensions"
            .formatted(nodes.size(), attribution.describe(), filling.used(), filling.budget()));
  }

  /** Returns the circuit as its file says it. */
  Circuit circuit(List<CircuitNode> chosen) {
    var nodes = withInput(chosen);
    var costs = WriteCosts.of(model.config());
    var metadata = new LinkedHashMap<String, Object>();
    metadata.put("model", model.name());
    metadata.put("total_components", nodes.size());
    metadata.put("write_budget_used", costs.of(nodes));
    metadata.put("write_budget_max", WriteBudget.standard().in(model.config()));
    metadata.put("clean", asked.clean().text());
    metadata.put("corrupted", asked.question().corrupted());
    metadata.put("metric", asked.question().metric().toString());
    return new Circuit(nodes, metadata);
  }
}
