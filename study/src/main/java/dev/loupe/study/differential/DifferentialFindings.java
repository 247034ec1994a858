package dev.loupe.study.differential;

import dev.loupe.circuit.Circuit;
import dev.loupe.circuit.CircuitComparison;
import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.CircuitNode.OfHead;
import dev.loupe.circuit.CircuitNode.OfMlp;
import dev.loupe.circuit.Filling;
import dev.loupe.lens.Estimate;
import dev.loupe.model.Provenance;
import dev.loupe.study.CircuitParts;
import dev.loupe.study.PromptRow;
import dev.loupe.study.ReadingJson;
import dev.loupe.study.StudyFindings;
import dev.loupe.study.StudyTable;
import dev.loupe.study.StudyTable.Column;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What differs between paired texts, and the circuit of it.
 *
 * @param study what was asked
 * @param model of which model
 * @param prompts a row a pair: the first text as the clean prompt, the second as the corrupted one
 * @param notes what a reader should know of the making
 * @param norms of every head and MLP, a mean over pairs
 * @param afterBos the same without the position of BOS; empty where there is none
 * @param threshold above which MLPs were taken
 * @param filling what was taken into the circuit, step by step
 * @param found the circuit, with the metadata of its file
 * @param comparison with an earlier circuit
 */
public record DifferentialFindings(
    DifferentialCircuit study,
    Provenance model,
    List<PromptRow> prompts,
    List<String> notes,
    Map<CircuitNode, Estimate> norms,
    Optional<Map<CircuitNode, Estimate>> afterBos,
    MlpThreshold.Level threshold,
    Filling filling,
    Circuit found,
    Optional<CircuitComparison> comparison)
    implements StudyFindings {

  /** Copies the collections, order kept. */
  public DifferentialFindings {
    prompts = List.copyOf(prompts);
    notes = List.copyOf(notes);
    norms = Collections.unmodifiableMap(new LinkedHashMap<>(norms));
    afterBos = afterBos.map(map -> Collections.unmodifiableMap(new LinkedHashMap<>(map)));
  }

  @Override
  public Optional<Circuit> circuit() {
    return Optional.of(found);
  }

  /** Returns the norm of a head or MLP. */
  public Estimate norm(CircuitNode node) {
    return DifferentialCircuit.norm(norms, node);
  }

  /** Returns its norm without the position of BOS; none where there is no BOS. */
  public Estimate normAfterBos(CircuitNode node) {
    return afterBos.map(map -> DifferentialCircuit.norm(map, node)).orElse(Estimate.none());
  }

  /** Returns the MLPs, the largest norm first. */
  public List<CircuitNode> rankedMlps() {
    return DifferenceNorms.ranked(norms, OfMlp.class);
  }

  /** Returns the heads, the largest norm first. */
  public List<CircuitNode> rankedHeads() {
    return DifferenceNorms.ranked(norms, OfHead.class);
  }

  /**
   * Returns the nodes of the circuit that would be in one of as many MLPs and heads if BOS did not
   * count, the input aside; empty where there is no BOS.
   */
  public Optional<List<CircuitNode>> chosenAfterBos() {
    return afterBos.map(map -> {
      var same = new ArrayList<CircuitNode>();
      DifferenceNorms.ranked(map, OfMlp.class).stream()
          .limit(found.mlps().size())
          .forEach(same::add);
      DifferenceNorms.ranked(map, OfHead.class).stream()
          .limit(found.heads().size())
          .forEach(same::add);
      return same.stream().filter(found::has).sorted().toList();
    });
  }

  @Override
  public Map<String, @Nullable Object> numbers() {
    var json =
        ReadingJson.part()
            .put("pairs", (Object) prompts.size())
            .put("mlps", ranked(rankedMlps()))
            .put("heads", ranked(rankedHeads()))
            .put("mlp_threshold", threshold.norm())
            .put("mlp_threshold_is", threshold.how())
            .put("write_budget", CircuitParts.json(filling))
            .put("nodes", found.nodes().stream().map(CircuitNode::toString).toList());
    chosenAfterBos()
        .ifPresent(same ->
            json.put("chosen_without_bos_too", same.stream().map(CircuitNode::toString).toList()));
    comparison.ifPresent(it -> json.put("comparison", CircuitParts.json(it)));
    return json.map();
  }

  private List<Map<String, @Nullable Object>> ranked(List<CircuitNode> nodes) {
    return nodes.stream()
        .map(node -> {
          var json = ReadingJson.part().put("node", node.toString()).put("norm", norm(node));
          afterBos.ifPresent(_ -> json.put("norm_without_bos", normAfterBos(node)));
          return json.map();
        })
        .toList();
  }

  @Override
  public List<StudyTable> tables() {
    var tables = new ArrayList<>(List.of(nodes(), CircuitParts.steps(filling)));
    comparison.ifPresent(it -> tables.add(CircuitParts.table(it)));
    return tables;
  }

  private StudyTable nodes() {
    var table =
        StudyTable.of(
            "nodes",
            Column.text("node"),
            Column.text("kind"),
            Column.whole("layer"),
            Column.whole("head"),
            Column.whole("rank"),
            Column.number("mean"),
            Column.number("standard_error"),
            Column.whole("n"),
            Column.number("mean_without_bos"),
            Column.number("standard_error_without_bos"),
            Column.truth("in_circuit"));
    rows(table, rankedMlps());
    rows(table, rankedHeads());
    return table.build();
  }

  private void rows(StudyTable.Builder table, List<CircuitNode> ranked) {
    for (int i = 0; i < ranked.size(); i++) {
      var node = ranked.get(i);
      var norm = norm(node);
      table.row(
          node.toString(),
          node instanceof OfHead ? "head" : "mlp",
          node.layer(),
          node instanceof OfHead(var head) ? (Long) (long) head.index() : null,
          i + 1,
          norm.mean(),
          norm.standardError(),
          norm.n(),
          normAfterBos(node).mean(),
          normAfterBos(node).standardError(),
          found.has(node));
    }
  }
}
