package dev.loupe.study.ioi;

import dev.loupe.circuit.Circuit;
import dev.loupe.circuit.CircuitComparison;
import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.Filling;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.heads.AttentionScores;
import dev.loupe.model.Provenance;
import dev.loupe.study.CircuitParts;
import dev.loupe.study.PromptRow;
import dev.loupe.study.ReadingJson;
import dev.loupe.study.StudyFindings;
import dev.loupe.study.StudyTable;
import dev.loupe.study.StudyTable.Column;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The circuit that attention points to, and what it does.
 *
 * @param study what was asked
 * @param model of which model
 * @param corruption how the corrupted prompts were made
 * @param prompts the prompts
 * @param notes what a reader should know of the making
 * @param attention of every head, by the pairs of {@link HeadClass}
 * @param tops the top heads of every class, the best first; a head may be in several
 * @param filling what was taken into the circuit, step by step
 * @param measured what the circuit does
 * @param paths what passes from class to class; nothing where it was not measured
 * @param comparison with an earlier circuit
 */
public record IoiCircuitFindings(
    IoiCircuit study,
    Provenance model,
    String corruption,
    List<PromptRow> prompts,
    List<String> notes,
    AttentionScores attention,
    List<TopHead> tops,
    Filling filling,
    CircuitMeasurement measured,
    ClassPaths paths,
    Optional<CircuitComparison> comparison)
    implements StudyFindings {

  /**
   * A top head of a class.
   *
   * @param of the class
   * @param head the head
   * @param attention what it was ranked by
   */
  public record TopHead(HeadClass of, Head head, Estimate attention) {}

  /** Copies the lists. */
  public IoiCircuitFindings {
    prompts = List.copyOf(prompts);
    notes = List.copyOf(notes);
    tops = List.copyOf(tops);
  }

  @Override
  public Optional<Circuit> circuit() {
    return Optional.of(filling.circuit());
  }

  @Override
  public Map<String, @Nullable Object> numbers() {
    var json =
        ReadingJson.part()
            .put("accuracy", measured.accuracy())
            .put("preferred", measured.preferred())
            .put("logit_difference", measured.clean())
            .put("corrupted_logit_difference", measured.corrupted())
            .put("attention", attentionJson())
            .put("top_heads", tops.stream().map(IoiCircuitFindings::json).toList())
            .put("write_budget", CircuitParts.json(filling))
            .put("nodes", filling.circuit().nodes().stream().map(CircuitNode::toString).toList())
            .put("ablations", ablations());
    if (study.paths()) {
      json.put("flows", paths.flows().stream().map(IoiCircuitFindings::json).toList());
      json.put("paths", paths.paths().stream().map(IoiCircuitFindings::json).toList());
    }
    comparison.ifPresent(found -> json.put("comparison", CircuitParts.json(found)));
    return json.map();
  }

  private Map<String, @Nullable Object> attentionJson() {
    var json = ReadingJson.part();
    for (var each : HeadClass.values()) {
      var heads = new LinkedHashMap<String, @Nullable Object>();
      for (var head : Head.all(attention.layers(), attention.heads())) {
        var score = attention.of(each.attention(), head);
        heads.put(head.toString(), ReadingJson.part().put("attention", score).map());
      }
      json.put(each.toString(), heads);
    }
    return json.map();
  }

  private static Map<String, @Nullable Object> json(TopHead top) {
    return ReadingJson.part()
        .put("class", top.of().toString())
        .put("head", top.head().toString())
        .put("attention", top.attention())
        .map();
  }

  private static Map<String, @Nullable Object> json(ClassFlow flow) {
    return ReadingJson.part()
        .put("from", flow.from().toString())
        .put("to", flow.to().map(HeadClass::toString).orElse("logits"))
        .put("input", flow.input())
        .put("loss", flow.loss())
        .map();
  }

  private static Map<String, @Nullable Object> json(ClassPath path) {
    return ReadingJson.part()
        .put("from", path.from().toString())
        .put("to", path.to().map(Head::toString).orElse("logits"))
        .put("input", path.input())
        .put("loss", path.loss())
        .map();
  }

  private Map<String, @Nullable Object> ablations() {
    return ReadingJson.part()
        .put("nothing_left", measured.nothing())
        .put("circuit_alone", measured.alone())
        .put("without_circuit", measured.without())
        .put("faithfulness", measured.faithfulness())
        .put("left_without_circuit", measured.left())
        .put("random_mean", measured.randomMean())
        .put("random_as_good", (Object) measured.randomAsGood())
        .put(
            "random_circuits",
            measured.random().stream()
                .map(each -> ReadingJson.part().put("logit_difference", each).map())
                .toList())
        .map();
  }

  @Override
  public List<StudyTable> tables() {
    var tables = new ArrayList<>(List.of(heads(), CircuitParts.steps(filling)));
    tables.add(ablationTable());
    tables.add(promptTable());
    if (study.paths()) {
      tables.add(pathTable());
    }
    comparison.ifPresent(found -> tables.add(CircuitParts.table(found)));
    return tables;
  }

  private StudyTable heads() {
    var table =
        StudyTable.of(
            "heads",
            Column.whole("layer"),
            Column.whole("head"),
            Column.text("class"),
            Column.text("attention"),
            Column.number("mean"),
            Column.number("standard_error"),
            Column.whole("n"),
            Column.truth("top"),
            Column.truth("in_circuit"));
    var circuit = filling.circuit();
    for (var head : Head.all(attention.layers(), attention.heads())) {
      for (var each : HeadClass.values()) {
        var score = attention.of(each.attention(), head);
        boolean top = tops.stream().anyMatch(it -> it.of() == each && it.head().equals(head));
        table.row(
            head.layer(),
            head.index(),
            each.toString(),
            each.attention().toString(),
            score.mean(),
            score.standardError(),
            score.n(),
            top,
            circuit.has(CircuitNode.of(head)));
      }
    }
    return table.build();
  }

  private StudyTable ablationTable() {
    var table =
        StudyTable.of(
            "ablations",
            Column.text("ablated"),
            Column.number("mean"),
            Column.number("standard_error"),
            Column.whole("n"),
            Column.number("faithfulness"));
    ablation(table, "none", measured.clean(), measured.hasGap() ? 1 : Double.NaN);
    ablation(table, "everything", measured.nothing(), measured.hasGap() ? 0 : Double.NaN);
    ablation(table, "outside_circuit", measured.alone(), measured.faithfulness().mean());
    ablation(table, "circuit", measured.without(), measured.left().mean());
    var random = measured.randomFaithfulness();
    for (int i = 0; i < random.size(); i++) {
      var name = "outside_random_" + (i + 1);
      ablation(table, name, measured.random().get(i), random.get(i).mean());
    }
    return table.build();
  }

  private static void ablation(
      StudyTable.Builder table, String name, Estimate value, double faithfulness) {
    table.row(name, value.mean(), value.standardError(), value.n(), faithfulness);
  }

  private StudyTable promptTable() {
    var table =
        StudyTable.of(
            "prompts",
            Column.whole("prompt"),
            Column.number("clean"),
            Column.number("circuit_alone"),
            Column.number("without_circuit"));
    for (int i = 0; i < measured.cleanByPrompt().size(); i++) {
      table.row(
          i,
          measured.cleanByPrompt().get(i),
          measured.aloneByPrompt().get(i),
          measured.withoutByPrompt().get(i));
    }
    return table.build();
  }

  private StudyTable pathTable() {
    var table =
        StudyTable.of(
            "paths",
            Column.text("from_node"),
            Column.text("to_node"),
            Column.text("input"),
            Column.number("mean"),
            Column.number("standard_error"),
            Column.whole("n"));
    for (var path : paths.paths()) {
      table.row(
          CircuitNode.of(path.from()).toString(),
          path.to().map(to -> CircuitNode.of(to).toString()).orElse("logits"),
          path.input(),
          path.loss().mean(),
          path.loss().standardError(),
          path.loss().n());
    }
    return table.build();
  }

  /** Returns the class that a head of the circuit was taken for; empty if it is not in it. */
  public Optional<String> classOf(Head head) {
    return classOf(filling, head);
  }

  private static Optional<String> classOf(Filling filling, Head head) {
    return filling.steps().stream()
        .filter(step -> step.candidate().node().equals(CircuitNode.of(head)))
        .map(step -> step.candidate().reason())
        .findFirst();
  }

  /** Returns the top heads that the circuit has, of each class those that were taken for it. */
  public Map<HeadClass, List<Head>> classes() {
    return classes(tops, filling);
  }

  static Map<HeadClass, List<Head>> classes(List<TopHead> tops, Filling filling) {
    var classes = new LinkedHashMap<HeadClass, List<Head>>();
    for (var each : HeadClass.values()) {
      classes.put(
          each,
          tops.stream()
              .filter(top -> top.of() == each)
              .map(TopHead::head)
              .filter(head -> classOf(filling, head).equals(Optional.of(each.toString())))
              .toList());
    }
    return classes;
  }
}
