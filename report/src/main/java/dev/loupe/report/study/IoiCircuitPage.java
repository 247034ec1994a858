package dev.loupe.report.study;

import static dev.loupe.report.study.CircuitBlocks.count;
import static dev.loupe.report.study.CircuitBlocks.percent;
import static dev.loupe.report.study.CircuitBlocks.plain;
import static dev.loupe.report.study.CircuitBlocks.signed;
import static dev.loupe.report.study.CircuitBlocks.whole;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.lens.Head;
import dev.loupe.report.Axis;
import dev.loupe.report.BarChart;
import dev.loupe.report.Block;
import dev.loupe.report.Cell;
import dev.loupe.report.CircuitGraph;
import dev.loupe.report.Column;
import dev.loupe.report.Heatmap;
import dev.loupe.report.KeyFigures;
import dev.loupe.report.Prose;
import dev.loupe.report.Scale;
import dev.loupe.report.Section;
import dev.loupe.report.Table;
import dev.loupe.study.ioi.HeadClass;
import dev.loupe.study.ioi.IoiCircuitFindings;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Tells the circuit that attention points to, and whether it is one. */
public final class IoiCircuitPage implements StudyPage {
  private final IoiCircuitFindings findings;

  /** Takes the findings that are told. */
  public IoiCircuitPage(IoiCircuitFindings findings) {
    this.findings = findings;
  }

  @Override
  public IoiCircuitFindings findings() {
    return findings;
  }

  @Override
  public String title() {
    return "The circuit that attention points to in " + findings.model().model();
  }

  @Override
  public List<String> asked() {
    var study = findings.study();
    return List.of(
        "After \"When Mary and John went to the store, John gave a drink to\" the answer is the"
            + " name that was not repeated. Wang et al. (2022) found heads that notice the"
            + " repetition (duplicate token, attending from S2 to S1), heads that pass it on"
            + " (S-inhibition, END to S2) and heads that copy the other name (name movers, END to"
            + " IO). Every head is scored by these three attentions, means over prompts.",
        "Into the circuit go the top %d, %d and %d heads of the three classes, %s, and then the next best of %s of each class, best score first, as long as the write budget lasts: `%s`, here %s dimensions of the residual stream."
            .formatted(
                study.topDuplicate(),
                study.topInhibition(),
                study.topNameMover(),
                study.mlps() ? "all MLPs" : "no MLPs",
                count(study.candidates(), "candidate"),
                study.writeBudget(),
                whole(findings.filling().budget())),
        "Attention shows where a head looks, not what it does. So the circuit is then tested:"
            + " everything else is ablated (z of heads and outputs of MLPs, at every position, set"
            + " to their means over the corrupted prompts of the same template, position by"
            + " position; corruption `"
            + findings.corruption()
            + "`), then the circuit itself."
            + (findings.measured().random().isEmpty()
                ? ""
                : " Random circuits of the same size show how much of that any circuit would do.")
            + " Behind ± stands a standard error, in bar charts the 95 % interval.");
  }

  @Override
  public List<KeyFigures.Figure> baselines() {
    var measured = findings.measured();
    return List.of(
        new KeyFigures.Figure(
            "accuracy", percent(measured.accuracy()), "the answer is the likeliest next token"),
        new KeyFigures.Figure(
            "IO above S",
            percent(measured.preferred()),
            "prompts whose answer beats the other name"),
        new KeyFigures.Figure(
            "logit difference",
            signed(measured.clean().mean()),
            "IO minus S on clean prompts" + error(measured.clean().standardError())),
        new KeyFigures.Figure(
            "corrupted",
            signed(measured.corrupted().mean()),
            "the same on corrupted prompts" + error(measured.corrupted().standardError())));
  }

  private static String error(double standardError) {
    return Double.isFinite(standardError)
        ? " (± " + plain(standardError) + ", standard error)"
        : "";
  }

  @Override
  public List<Block> results() {
    var blocks = new ArrayList<Block>();
    blocks.add(new Section("Where heads look"));
    for (var each : HeadClass.values()) {
      blocks.add(heatmap(each));
    }
    blocks.add(
        new Prose(
            "Each cell is a head: the share of its attention that goes from the first position to"
                + " the second, a mean over prompts. The darkest cells of each are the candidates of"
                + " its class."));
    blocks.add(tops());
    blocks.add(
        new Prose(
            "The score says how much a head attends; the top of a class need not be much. A head"
                + " that tops two classes is in the circuit once, as of the class in the last"
                + " column."));
    blocks.add(new Section("The budget"));
    blocks.addAll(
        CircuitBlocks.budget(
            findings.filling(),
            "attention of the class",
            "prompts",
            "First come the input and the MLPs, then the top heads of the classes, then the other"
                + " candidates, the best score first."));
    blocks.add(new Section("Is it a circuit?"));
    blocks.add(ablations());
    blocks.add(new Prose(readingOfAblations()));
    if (findings.study().paths()) {
      blocks.add(new Section("From class to class"));
      blocks.addAll(paths().blocks());
    }
    findings
        .comparison()
        .ifPresent(found ->
            blocks.addAll(
                CircuitBlocks.comparison(
                    found,
                    findings.study().compareWith(),
                    "every head by the class it attends most for")));
    return blocks;
  }

  private Heatmap heatmap(HeadClass of) {
    var attention = findings.attention();
    return Heatmap.of(
            capitalised(of.toString()) + ": attention " + arrow(of),
            Axis.numbered("layer", "L", attention.layers()),
            Axis.numbered("head", "H", attention.heads()),
            attention.matrix(of.attention()),
            "attention probability",
            Scale.SEQUENTIAL)
        .reaching(1);
  }

  private static String arrow(HeadClass of) {
    return of.attention().toString().replace("->", " → ");
  }

  /** Return the top heads of every class. */
  private Table tops() {
    var table =
        Table.titled(
            "The top heads of each class",
            Column.label("head"),
            Column.text("class"),
            Column.text("attention"),
            Column.number("score", 3).explained("attention probability, a mean over prompts"),
            Column.error(3, "prompts"),
            Column.text("in the circuit as"));
    for (var top : findings.tops()) {
      table.row(
          Cell.of(top.head().toString()),
          Cell.of(top.of().toString()),
          Cell.of(arrow(top.of())),
          Cell.of(top.attention().mean()),
          Cell.of(top.attention().standardError()),
          Cell.of(findings.classOf(top.head()).orElse("-")));
    }
    return table.build();
  }

  private BarChart ablations() {
    var measured = findings.measured();
    var bars = new ArrayList<BarChart.Bar>();
    bars.add(CircuitBlocks.bar("whole model", measured.clean()));
    bars.add(CircuitBlocks.bar("circuit alone", measured.alone()));
    if (!measured.random().isEmpty()) {
      bars.add(CircuitBlocks.bar("random circuits", measured.randomMean()));
    }
    bars.add(CircuitBlocks.bar("without circuit", measured.without()));
    bars.add(CircuitBlocks.bar("all ablated", measured.nothing()));
    return new BarChart(
        "Logit difference with parts of the model ablated", "logit difference; ± 95 %", bars);
  }

  private String readingOfAblations() {
    var measured = findings.measured();
    var text =
        "If the circuit does the work, it reaches alone what the whole model does, and without it no"
            + " more is left than with everything ablated. ";
    if (!measured.hasGap()) {
      return text + "Here ablating everything changes nothing, so no share can be given.";
    }
    text +=
        "Faithfulness is (m(C) - m(empty)) / (m(full) - m(empty)), m being the logit difference: %s for the circuit alone, %s for what is left without it."
            .formatted(percent(measured.faithfulness().mean()), percent(measured.left().mean()));
    if (measured.faithfulness().mean() > 1) {
      text += " Above 100 % what is outside the circuit works, taken together, against the answer.";
    }
    if (measured.random().isEmpty()) {
      return text;
    }
    var random = measured.randomFaithfulness();
    double least = random.stream().mapToDouble(it -> it.mean()).min().orElseThrow();
    double most = random.stream().mapToDouble(it -> it.mean()).max().orElseThrow();
    return text
        + " For %s with as many heads and MLPs it is from %s to %s; the bar is their mean, its interval over circuits."
            .formatted(count(random.size(), "random circuit"), percent(least), percent(most));
  }

  private ClassPathBlocks paths() {
    return new ClassPathBlocks(findings.paths(), findings.measured().clean());
  }

  @Override
  public List<Block> circuit() {
    var nodes = new ArrayList<CircuitGraph.Node>();
    for (var step : findings.filling().steps()) {
      var candidate = step.candidate();
      boolean scored = candidate.score().n() > 0;
      nodes.add(
          CircuitGraph.Node.of(
              candidate.node(),
              candidate.node() instanceof CircuitNode.OfHead ? candidate.reason() : "",
              scored ? "attention " + plain(candidate.score()) : ""));
    }
    int layers = findings.attention().layers();
    nodes.add(
        new CircuitGraph.Node(
            ClassPathBlocks.LOGITS,
            layers,
            CircuitGraph.Kind.LOGITS,
            "",
            "the answer at the last token"));
    return List.of(
        new CircuitGraph("The circuit within the write budget", layers, nodes, paths().edges()),
        new Prose(paths().readingOfEdges()));
  }

  @Override
  public List<String> conclusions() {
    var sentences = new ArrayList<String>();
    findings
        .classes()
        .forEach((each, heads) -> {
          if (!heads.isEmpty()) {
            sentences.add(
                "%s heads by attention %s: %s."
                    .formatted(capitalised(each.toString()), arrow(each), scored(each, heads)));
          }
        });
    sentences.add(CircuitBlocks.size(findings.filling()));
    findings.comparison().map(CircuitBlocks::overlap).ifPresent(sentences::add);
    sentences.addAll(measuredConclusions());
    sentences.addAll(paths().conclusions());
    return sentences;
  }

  private String scored(HeadClass of, List<Head> heads) {
    return findings.tops().stream()
        .filter(top -> top.of() == of && heads.contains(top.head()))
        .map(top -> top.head() + " (`" + plain(top.attention().mean()) + "`)")
        .collect(Collectors.joining(", "));
  }

  private List<String> measuredConclusions() {
    var measured = findings.measured();
    if (!measured.hasGap()) {
      return List.of(
          "Ablating every head and MLP leaves the logit difference as it is: on these prompts the"
              + " model does nothing that a circuit could explain.");
    }
    var sentences = new ArrayList<String>();
    sentences.add(
        "Alone the circuit has a logit difference of `%s`, where the whole model has `%s` and with everything ablated `%s` is left: faithfulness `%s`. Without the circuit it is `%s`."
            .formatted(
                signed(measured.alone().mean()),
                signed(measured.clean().mean()),
                signed(measured.nothing().mean()),
                percent(measured.faithfulness().mean()),
                signed(measured.without().mean())));
    int circuits = measured.random().size();
    if (circuits > 0) {
      long asGood = measured.randomAsGood();
      sentences.add(
          asGood == 0
              ? "None of %s of the same size does as well alone; their mean is `%s`."
                  .formatted(
                      count(circuits, "random circuit"), signed(measured.randomMean().mean()))
              : "`%d` of %s of the same size do at least as well alone (their mean is `%s`): what attention chose is not clearly better than chance."
                  .formatted(
                      asGood,
                      count(circuits, "random circuit"),
                      signed(measured.randomMean().mean())));
    }
    return sentences;
  }

  @Override
  public List<Block> highlights() {
    return List.of(tops(), ablations());
  }

  private static String capitalised(String text) {
    return Character.toUpperCase(text.charAt(0)) + text.substring(1);
  }
}
