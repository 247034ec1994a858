package dev.loupe.study.circuits;

import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.Ranking;
import dev.loupe.circuit.run.Faithfulness;
import dev.loupe.circuit.run.FaithfulnessCurve;
import dev.loupe.circuit.run.Measured;
import dev.loupe.circuit.run.Minimality;
import dev.loupe.circuit.run.RandomCircuits;
import dev.loupe.model.Provenance;
import dev.loupe.study.PromptRow;
import dev.loupe.study.ReadingJson;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Whether what a file names is the circuit.
 *
 * @param model which model
 * @param circuit what the file holds
 * @param edges the edges that it names; those between its nodes where it names nodes alone
 * @param measured by what every number is measured
 * @param result of the circuit; empty where the file names none and has scores alone
 * @param curve the faithfulness of circuits of growing size; empty where the file has no scores of
 *     edges
 * @param prompts the prompts
 * @param notes what a reader should know of the making
 * @param seconds how long it took
 */
public record EvaluationFindings(
    Provenance model,
    CircuitFile circuit,
    EdgeSet edges,
    Measured measured,
    Optional<Result> result,
    Optional<Curve> curve,
    List<PromptRow> prompts,
    List<String> notes,
    double seconds) {
  /** Copies the lists. */
  public EvaluationFindings {
    prompts = List.copyOf(prompts);
    notes = List.copyOf(notes);
  }

  /**
   * The numbers of the circuit.
   *
   * @param faithfulness how much of the behaviour it has
   * @param completeness how much the model has without it
   * @param random circuits drawn at random of the same size, where there were any
   * @param minimality what each part is needed for, where that was asked for
   */
  public record Result(
      Faithfulness faithfulness,
      Faithfulness completeness,
      Optional<RandomCircuits> random,
      Optional<Minimality> minimality) {}

  /**
   * The faithfulness of circuits of growing size.
   *
   * @param ranking by what of its score an edge is taken
   * @param rule how the circuit of a size is chosen, in a few words
   * @param found the curve
   */
  public record Curve(Ranking ranking, String rule, FaithfulnessCurve found) {}

  /** Returns what was found for other programs. */
  public ReadingJson json() {
    var json = new ReadingJson("circuit-evaluation");
    json.put("circuit", circuit.name());
    json.put("edges", Integer.valueOf(edges.size()));
    json.put("of_edges", Integer.valueOf(edges.shape().edges()));
    json.put("nodes", circuit.nodes().nodes().stream().map(Object::toString).toList());
    json.put("shape", CircuitFile.shape(edges.shape()));
    json.put("measured", json(measured));
    result.ifPresent(each -> {
      json.put("faithfulness", json(each.faithfulness()));
      json.put("completeness", json(each.completeness()));
      each.random().ifPresent(random -> json.put("random_circuits", json(random, each)));
      each.minimality().ifPresent(found -> json.put("minimality", json(found)));
    });
    curve.ifPresent(each -> json.put("curve", json(each)));
    json.put("notes", notes);
    json.put("seconds", seconds);
    return json.putPrompts(prompts);
  }

  private static Map<String, @Nullable Object> json(Measured measured) {
    return ReadingJson.part()
        .put("granularity", measured.ablating().granularity().toString())
        .put("ablation", measured.ablating().corruption().toString())
        .put("positions", "all")
        .put("metric", measured.metric())
        .put("n", Integer.valueOf(measured.pairs()))
        .map();
  }

  /** Returns a faithfulness with what it is measured by. */
  static Map<String, @Nullable Object> json(Faithfulness found) {
    return ReadingJson.part()
        .put("share", found.share())
        .put("edges_left", Integer.valueOf(found.edges()))
        .put("metric", found.circuit())
        .put("whole_model", found.full())
        .put("all_ablated", found.empty())
        .put("measured", json(found.measured()))
        .map();
  }

  private static Map<String, @Nullable Object> json(RandomCircuits random, Result result) {
    var interval = random.interval();
    return ReadingJson.part()
        .put("count", Integer.valueOf(random.shares().size()))
        .put("seed", Long.valueOf(random.seed()))
        .put("mean", random.mean())
        .put("low", interval.low())
        .put("high", interval.high())
        .put("confidence", random.confidence())
        .put("at_least_as_faithful", random.atLeast(result.faithfulness().share().mean()))
        .put("shares", random.shares().stream().mapToDouble(Double::doubleValue).toArray())
        .map();
  }

  private static List<Map<String, @Nullable Object>> json(Minimality found) {
    return found.parts().stream()
        .map(part ->
            ReadingJson.part()
                .put("part", part.name())
                .put("metric_lost", part.metric())
                .put("share_lost", part.share())
                .map())
        .toList();
  }

  private static Map<String, @Nullable Object> json(Curve curve) {
    return ReadingJson.part()
        .put("ranking", curve.ranking().toString())
        .put("rule", curve.rule())
        .put("cpr", curve.found().cpr())
        .put("cmd", curve.found().cmd())
        .put(
            "points",
            curve.found().points().stream()
                .map(point ->
                    ReadingJson.part()
                        .put("of", point.of())
                        .put("edges_left", Integer.valueOf(point.faithfulness().edges()))
                        .put("share", point.faithfulness().share())
                        .put("metric", point.faithfulness().circuit())
                        .map())
                .toList())
        .map();
  }
}
