package dev.loupe.study.circuits;

import dev.loupe.circuit.CircuitComparison;
import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.ReferenceCircuit;
import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.GraphComparison;
import dev.loupe.circuit.graph.RankCorrelation;
import dev.loupe.circuit.graph.Ranking;
import dev.loupe.circuit.graph.Roc;
import dev.loupe.study.CircuitParts;
import dev.loupe.study.ReadingJson;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How two circuits compare. The second is the reference: precision, recall and the ROC curve ask
 * how well the first finds it.
 *
 * @param here the first circuit
 * @param there the reference
 * @param among what nodes were compared, in a few words: {@code heads}, where a reference names
 *     heads alone and says nothing of the others
 * @param nodes how the nodes compare
 * @param edges how the edges compare, where both files have edges
 * @param ranking whether scores are ranked by magnitude or sign
 * @param edgeScores what the scores of edges say, where the first has some
 * @param nodeScores what the scores of nodes say, where the first has some
 * @param reference the published circuit that the second is, with its classes, where it is one
 * @param notes what a reader should know
 */
public record ComparisonFindings(
    CircuitFile here,
    CircuitFile there,
    String among,
    CircuitComparison nodes,
    Optional<GraphComparison> edges,
    Ranking ranking,
    Optional<Scores> edgeScores,
    Optional<Scores> nodeScores,
    Optional<ReferenceCircuit> reference,
    List<String> notes) {
  /** Copies the list. */
  public ComparisonFindings {
    notes = List.copyOf(notes);
  }

  /**
   * Compares two files by all that both hold.
   *
   * @param here the first circuit
   * @param there the reference
   * @param ranking whether scores are ranked by magnitude or sign
   * @throws IllegalArgumentException if they are of models of different shapes, or one names a node
   *     that the other's model lacks
   */
  public static ComparisonFindings of(CircuitFile here, CircuitFile there, Ranking ranking) {
    return new FileComparison(here, there, ranking).compare();
  }

  /**
   * What scores say.
   *
   * @param roc how well those of the first tell the reference from the rest; empty where it has all
   *     or nothing
   * @param correlation of both scores, where both have some
   * @param pairs both scores by name in the order of the model, where both have some
   */
  public record Scores(Optional<Roc> roc, Optional<RankCorrelation> correlation, List<Pair> pairs) {
    /** Copies the list. */
    public Scores {
      pairs = List.copyOf(pairs);
    }
  }

  /**
   * Two scores of an edge or node.
   *
   * @param name of the edge or node
   * @param here its score in the first
   * @param there its score in the reference
   */
  public record Pair(String name, double here, double there) {}

  /** Returns what was found for other programs. */
  public ReadingJson json() {
    var json = new ReadingJson("circuit-comparison");
    json.put("here", here.name());
    json.put("there", there.name());
    json.put("among", among);
    json.put("nodes", CircuitParts.json(nodes));
    edges.ifPresent(found -> json.put("edges", json(found)));
    json.put("ranking", ranking.toString());
    edgeScores.ifPresent(found -> json.put("edge_scores", json(found)));
    nodeScores.ifPresent(found -> json.put("node_scores", json(found)));
    reference.ifPresent(published -> {
      json.put("reference", published.source());
      json.put("classes", classes(published));
    });
    return json.put("notes", notes);
  }

  private List<Map<String, @Nullable Object>> classes(ReferenceCircuit published) {
    return published.classes().stream()
        .map(each ->
            ReadingJson.part()
                .put("class", each.name())
                .put("heads", Integer.valueOf(each.heads().size()))
                .put(
                    "found",
                    each.heads().stream()
                        .map(CircuitNode::of)
                        .filter(here.nodes()::has)
                        .map(CircuitNode::toString)
                        .toList())
                .map())
        .toList();
  }

  private static Map<String, @Nullable Object> json(GraphComparison found) {
    return ReadingJson.part()
        .put("jaccard", found.jaccard())
        .put("precision", found.precision())
        .put("recall", found.recall())
        .put("both", names(found.both()))
        .put("only_here", names(found.onlyHere()))
        .put("only_there", names(found.onlyThere()))
        .map();
  }

  private static List<String> names(EdgeSet edges) {
    return edges.numbers().mapToObj(edge -> edges.shape().edge(edge).toString()).toList();
  }

  private static Map<String, @Nullable Object> json(Scores found) {
    var json = ReadingJson.part();
    found
        .roc()
        .ifPresent(roc ->
            json.put("auc", roc.auc())
                .put("positives", Integer.valueOf(roc.positives()))
                .put("negatives", Integer.valueOf(roc.negatives())));
    found
        .correlation()
        .ifPresent(both ->
            json.put("spearman", both.spearman())
                .put("kendall", both.kendall())
                .put("n", Integer.valueOf(both.n())));
    return json.map();
  }
}
