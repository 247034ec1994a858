package dev.loupe.study.circuits;

import dev.loupe.circuit.Circuit;
import dev.loupe.circuit.CircuitJson;
import dev.loupe.circuit.Filling;
import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.GraphJson;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.graph.Ranking;
import dev.loupe.circuit.graph.ScoredGraph;
import dev.loupe.circuit.run.Corruption;
import dev.loupe.circuit.run.Faithfulness;
import dev.loupe.circuit.score.Acdc;
import dev.loupe.lens.Metric;
import dev.loupe.model.Provenance;
import dev.loupe.study.CircuitParts;
import dev.loupe.study.PromptRow;
import dev.loupe.study.ReadingJson;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What scoring the edges or nodes of a model found, and the circuit that was chosen by it where one
 * was.
 *
 * @param model which model
 * @param method how, as the command line names it: {@code eap-ig}
 * @param description what the method does, in a few words
 * @param metric what is measured
 * @param corruption what is carried in the place of clean values
 * @param scores of every edge and node
 * @param chosen the circuit; empty where everything was only scored
 * @param prompts the prompts
 * @param notes what a reader should know of the making
 * @param seconds how long it took
 */
public record CircuitFindings(
    Provenance model,
    String method,
    String description,
    Metric metric,
    Corruption corruption,
    CircuitScores scores,
    Optional<Chosen> chosen,
    List<PromptRow> prompts,
    List<String> notes,
    double seconds) {
  /** Copies the lists; refuses no prompts. */
  public CircuitFindings {
    prompts = List.copyOf(prompts);
    notes = List.copyOf(notes);
    if (prompts.isEmpty()) {
      throw new IllegalArgumentException("findings of no prompts: expected at least one");
    }
  }

  /**
   * A circuit that was chosen.
   *
   * @param rule by which, in a few words
   * @param ranking whether by magnitude or by sign
   * @param edges those of the circuit
   * @param nodes those that it has, the logits aside
   * @param hanging how many edges were taken out because they lie on no path from the input to the
   *     logits; empty where none were looked for
   * @param filling how a write budget was filled, where there was one
   * @param acdc what ACDC found, where it chose
   * @param faithfulness how much of the behaviour the circuit has; empty where the metric is the
   *     same of the whole model and with all ablated
   */
  public record Chosen(
      String rule,
      Ranking ranking,
      EdgeSet edges,
      Circuit nodes,
      Optional<Integer> hanging,
      Optional<Filling> filling,
      Optional<Acdc.Found> acdc,
      Optional<Faithfulness> faithfulness) {}

  /** Returns the graph. */
  public GraphShape shape() {
    return scores.shape();
  }

  /** Returns the graph with its scores and the circuit in it; empty where edges have no scores. */
  public Optional<ScoredGraph> graph() {
    return scores
        .edges()
        .map(edges ->
            new ScoredGraph(
                edges,
                chosen.map(Chosen::edges).orElseGet(() -> EdgeSet.none(shape())),
                circuit(),
                Optional.of(scores.nodes())));
  }

  private Circuit circuit() {
    return chosen.map(Chosen::nodes).orElseGet(() -> new Circuit(List.of()));
  }

  /**
   * Returns the circuit as the bytes of a file, in the field's form: the graph with all scores, or
   * where nodes alone have some the list of its nodes.
   *
   * @param more what else is said of it, such as when it was made
   */
  public byte[] circuitJson(Map<String, ?> more) {
    var metadata = new LinkedHashMap<String, Object>();
    metadata.put("model", model.model());
    metadata.put("weights_sha256", model.weightsSha256());
    metadata.put("method", method);
    metadata.put("metric", metric.toString());
    metadata.put("corruption", corruption.toString());
    metadata.put("prompts", prompts.size());
    chosen.ifPresent(each -> metadata.put("chosen", each.rule()));
    var graph = graph();
    if (graph.isPresent()) {
      metadata.putAll(more);
      return GraphJson.bytes(graph.get(), metadata);
    }
    metadata.put(CircuitFile.SHAPE, CircuitFile.shape(shape()));
    metadata.put(CircuitFile.SCORES, nodeScores());
    metadata.putAll(more);
    return CircuitJson.bytes(circuit(), metadata);
  }

  private Map<String, Object> nodeScores() {
    var json = new LinkedHashMap<String, Object>();
    for (int source = 0; source < shape().sources(); source++) {
      json.put(shape().source(source).toString(), scores.nodes().score(source));
    }
    return json;
  }

  /** Returns what was found for other programs; the scores of all edges are in the circuit file. */
  public ReadingJson json() {
    var json = new ReadingJson(chosen.isPresent() ? "circuit" : "circuit-scores");
    json.put("method", method);
    json.put("description", description);
    json.put("metric", metric.toString());
    json.put("corruption", corruption.toString());
    json.put("positions", "all");
    json.put("signed", Boolean.valueOf(scores.isSigned()));
    json.put("shape", CircuitFile.shape(shape()));
    json.put("node_score", scores.nodeMeaning());
    json.put("nodes", IntStream.range(0, shape().sources()).mapToObj(this::node).toList());
    chosen.ifPresent(each -> json.put("circuit", chosen(each)));
    json.put("notes", notes);
    json.put("seconds", seconds);
    return json.putPrompts(prompts);
  }

  private Map<String, @Nullable Object> node(int source) {
    var node = shape().source(source);
    return ReadingJson.part()
        .put("node", node.toString())
        .put("score", scores.node(source, prompts.size()))
        .put("in_circuit", Boolean.valueOf(circuit().has(node)))
        .map();
  }

  private Map<String, @Nullable Object> chosen(Chosen each) {
    var json =
        ReadingJson.part()
            .put("rule", each.rule())
            .put("ranking", each.ranking().toString())
            .put("edges", Integer.valueOf(each.edges().size()))
            .put("of_edges", Integer.valueOf(shape().edges()))
            .put("nodes", each.nodes().nodes().stream().map(Object::toString).toList());
    each.hanging().ifPresent(hanging -> json.put("hanging_edges", hanging));
    each.filling().ifPresent(filling -> json.put("budget", CircuitParts.json(filling)));
    each.acdc()
        .ifPresent(found ->
            json.put("whole", found.whole())
                .put("left", found.circuit())
                .put("runs", Integer.valueOf(found.runs())));
    each.faithfulness()
        .ifPresent(found -> json.put("faithfulness", EvaluationFindings.json(found)));
    if (scores.edges().isPresent()) {
      json.put("edge_scores", each.edges().numbers().mapToObj(this::edge).toList());
    }
    return json.map();
  }

  private Map<String, @Nullable Object> edge(int edge) {
    return ReadingJson.part()
        .put("edge", shape().edge(edge).toString())
        .put("score", scores.edge(edge, prompts.size()))
        .map();
  }
}
