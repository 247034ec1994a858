package dev.loupe.report.study;

import static dev.loupe.report.study.CircuitBlocks.count;
import static dev.loupe.report.study.CircuitBlocks.names;
import static dev.loupe.report.study.CircuitBlocks.percent;
import static dev.loupe.report.study.CircuitBlocks.plain;
import static dev.loupe.report.study.CircuitBlocks.signed;

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
import dev.loupe.study.ioi.ClassFlow;
import dev.loupe.study.ioi.ClassPath;
import dev.loupe.study.ioi.HeadClass;
import dev.loupe.study.ioi.IoiCircuitFindings;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Tells the circuit that attention points to, and whether it is one. */
public final class IoiCircuitPage implements StudyPage {
  private static final String LOGITS = "logits";
  private static final String LOSS =
      "fall of the clean logit difference when the paths carry corrupted values";

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
        "Into the circuit go the top %d, %d and %d heads of the three classes, %s, and then the next best of %s of each class, best score first, as long as the write budget `%s` lasts."
            .formatted(
                study.topDuplicate(),
                study.topInhibition(),
                study.topNameMover(),
                study.mlps() ? "all MLPs" : "no MLPs",
                count(study.candidates(), "candidate"),
                study.writeBudget()),
        "Attention shows where a head looks, not what it does. So the circuit is then tested:"
            + " everything else is ablated (z of heads and outputs of MLPs, at every position, set"
            + " to their means over the corrupted prompts of the same template, position by"
            + " position; corruption `"
            + findings.corruption()
            + "`), then the circuit itself, and random circuits of the same size are its measure.");
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
    return Double.isFinite(standardError) ? " (± " + plain(standardError) + ")" : "";
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
                + " the second, a mean over prompts. Dark cells are candidates of the class."));
    blocks.add(tops());
    blocks.add(new Section("The budget"));
    blocks.addAll(CircuitBlocks.budget(findings.filling(), "attention of the class", "prompts"));
    blocks.add(new Section("Is it a circuit?"));
    blocks.add(ablations());
    blocks.add(new Prose(readingOfAblations()));
    if (findings.study().paths()) {
      blocks.add(new Section("From class to class"));
      blocks.addAll(paths());
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
      bars.add(CircuitBlocks.bar("random circuits alone", measured.randomMean()));
    }
    bars.add(CircuitBlocks.bar("without the circuit", measured.without()));
    bars.add(CircuitBlocks.bar("all ablated", measured.nothing()));
    return new BarChart(
        "Logit difference with parts of the model ablated", "logit difference; ± 95 %", bars);
  }

  private String readingOfAblations() {
    var measured = findings.measured();
    var text =
        "A circuit that does the work alone reaches the whole model; without it no more is left"
            + " than with everything ablated. ";
    if (!measured.hasGap()) {
      return text + "Here ablating everything changes nothing, so no share can be given.";
    }
    text +=
        "Faithfulness is (m(C) - m(empty)) / (m(full) - m(empty)): %s for the circuit, %s for what is left without it"
            .formatted(percent(measured.faithfulness().mean()), percent(measured.left().mean()));
    if (measured.random().isEmpty()) {
      return text + ".";
    }
    var random = measured.randomFaithfulness();
    double least = random.stream().mapToDouble(it -> it.mean()).min().orElseThrow();
    double most = random.stream().mapToDouble(it -> it.mean()).max().orElseThrow();
    return text
        + ", from %s to %s for %s with as many heads and MLPs (their interval is over circuits)."
            .formatted(percent(least), percent(most), count(random.size(), "random circuit"));
  }

  private List<Block> paths() {
    var flows =
        Table.titled(
            "What each class tells the next and the logits, all top heads together",
            Column.text("from"),
            Column.text("to"),
            Column.text("input"),
            Column.signed("loss", 3).explained(LOSS),
            Column.error(3, "prompts"),
            Column.text("share"));
    for (var flow : findings.paths().flows()) {
      boolean is = flow.loss().n() > 0;
      flows.row(
          Cell.of(flow.from() + " heads"),
          Cell.of(flow.to().map(to -> to + " heads").orElse(LOGITS)),
          Cell.of(flow.input()),
          Cell.of(flow.loss().mean()),
          Cell.of(flow.loss().standardError()),
          Cell.of(is ? share(flow.loss().mean()) : "no path"));
    }
    var blocks = new ArrayList<Block>();
    blocks.add(flows.build());
    blocks.add(
        new Prose(
            "The classes claim that duplicate-token heads tell S-inhibition heads (their values at"
                + " S2), these the name movers (their queries at END), and these the logits. That"
                + " is measured here, and beside it what the other classes write into the logits"
                + " themselves: the senders' outputs along these paths alone are taken from the"
                + " corrupted prompts, other heads frozen, MLPs and norms recomputed. A positive"
                + " loss means that the paths work for the answer; the share is of the clean logit"
                + " difference. There is no path where no sender comes before a receiver."));
    if (!findings.paths().paths().isEmpty()) {
      blocks.add(byHead());
    }
    return blocks;
  }

  private String share(double loss) {
    return percent(loss / findings.measured().clean().mean());
  }

  private Table byHead() {
    var table =
        Table.titled(
            "The same from head to head",
            Column.label("from"),
            Column.label("to"),
            Column.text("input"),
            Column.signed("loss", 3).explained(LOSS),
            Column.error(3, "prompts"));
    findings.paths().paths().stream()
        .sorted(Comparator.comparingDouble(path -> -Math.abs(path.loss().mean())))
        .forEach(path ->
            table.row(
                Cell.of(path.from().toString()),
                Cell.of(to(path)),
                Cell.of(path.input()),
                Cell.of(path.loss().mean()),
                Cell.of(path.loss().standardError())));
    return table.build();
  }

  private static String to(ClassPath path) {
    return path.to().map(Head::toString).orElse(LOGITS);
  }

  @Override
  public List<Block> circuit() {
    var nodes = new ArrayList<CircuitGraph.Node>();
    for (var step : findings.filling().steps()) {
      var candidate = step.candidate();
      boolean scored = candidate.score().n() > 0;
      nodes.add(
          CircuitBlocks.node(
              candidate.node(),
              candidate.node() instanceof CircuitNode.OfHead ? candidate.reason() : "",
              scored ? "attention " + plain(candidate.score()) : ""));
    }
    int layers = findings.attention().layers();
    nodes.add(
        new CircuitGraph.Node(
            LOGITS, layers, CircuitGraph.Kind.LOGITS, "", "the answer at the last token"));
    var edges =
        findings.paths().paths().stream()
            .map(path ->
                new CircuitGraph.Edge(
                    CircuitNode.of(path.from()).toString(),
                    path.to().map(to -> CircuitNode.of(to).toString()).orElse(LOGITS),
                    path.loss().mean(),
                    path.input() + ": loss " + signed(path.loss().mean())))
            .toList();
    return List.of(
        new CircuitGraph("The circuit within the write budget", layers, nodes, edges),
        new Prose(
            edges.isEmpty()
                ? "Colours are classes. No paths were measured, so none are drawn."
                : "Colours are classes. Lines are the paths between the top heads of the classes"
                    + " that were measured, as wide as the logit difference that is lost when they"
                    + " carry corrupted values. Other nodes may be joined too; that was not"
                    + " measured."));
  }

  @Override
  public List<String> conclusions() {
    var sentences = new ArrayList<String>();
    findings
        .classes()
        .forEach((each, heads) -> {
          if (!heads.isEmpty()) {
            sentences.add("By attention %s: %s (%s).".formatted(arrow(each), names(heads), each));
          }
        });
    sentences.add(CircuitBlocks.size(findings.filling()));
    sentences.addAll(measuredConclusions());
    findings.paths().flows().stream()
        .filter(flow -> isClaimed(flow) || isCertain(flow))
        .forEach(flow -> sentences.add(sentence(flow)));
    return sentences;
  }

  private static boolean isClaimed(ClassFlow flow) {
    return flow.to().isPresent() || flow.from() == HeadClass.NAME_MOVER;
  }

  /** A single prompt has no error, and so no certainty. */
  private static boolean isCertain(ClassFlow flow) {
    return Math.abs(flow.loss().mean()) > 2 * flow.loss().standardError();
  }

  private String sentence(ClassFlow flow) {
    var from = "the " + flow.from() + " heads";
    var to = flow.to().map(it -> "the " + it + " heads").orElse("the " + LOGITS);
    var loss = flow.loss();
    if (loss.n() == 0) {
      return "From %s to %s there is no path: none of the first comes before one of the second."
          .formatted(from, to);
    }
    var verdict =
        !isCertain(flow)
            ? "not to be told from nothing"
            : loss.mean() > 0 ? "they work for the answer" : "they work against it";
    return "With corrupted values on the paths from %s to %s (%s) the logit difference changes by `%s` ± %s, `%s` of it: %s."
        .formatted(
            from,
            to,
            flow.input(),
            signed(-loss.mean()),
            plain(loss.standardError()),
            share(-loss.mean()),
            verdict);
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
              ? "None of %s of the same size reaches that; their mean is `%s`."
                  .formatted(
                      count(circuits, "random circuit"), signed(measured.randomMean().mean()))
              : "`%d` of %s of the same size reach at least that (their mean is `%s`): what attention chose is not clearly better than chance."
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
