package dev.loupe.report;

import dev.loupe.circuit.run.Corruption;
import dev.loupe.circuit.run.Faithfulness;
import dev.loupe.circuit.run.FaithfulnessCurve;
import dev.loupe.circuit.run.Granularity;
import dev.loupe.circuit.run.Minimality;
import dev.loupe.circuit.run.RandomCircuits;
import dev.loupe.lens.Estimate;
import dev.loupe.study.circuits.EvaluationFindings;
import dev.loupe.study.circuits.EvaluationFindings.Curve;
import dev.loupe.study.circuits.EvaluationFindings.Result;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Tells whether a circuit does what the model does: as charts of a terminal, and as a page. Every
 * number stands with the granularity, the positions, the ablation and the number of prompts.
 */
public final class EvaluationPage {
  private static final int PARTS = 30;

  private final EvaluationFindings findings;
  private final String basis;
  private final String metric;

  /** Takes the findings that are told. */
  public EvaluationPage(EvaluationFindings findings) {
    this.findings = findings;
    basis = CircuitWords.basis(findings.measured());
    metric = findings.measured().metric();
  }

  // ---- Blocks

  /** Return the few numbers that tell whether it is the circuit. */
  public KeyFigures figures() {
    var figures = new ArrayList<KeyFigures.Figure>();
    findings
        .result()
        .ifPresent(result -> {
          figures.add(figure("faithfulness", result.faithfulness().share(), "1 as the model"));
          figures.add(
              figure("completeness", result.completeness().share(), "0 if nothing is missing"));
          result.random().ifPresent(random -> figures.add(random(random)));
        });
    findings
        .curve()
        .ifPresent(curve -> {
          figures.add(figure("CPR", curve.found().cpr(), "area under the curve"));
          figures.add(figure("CMD", curve.found().cmd(), "area between it and 1"));
        });
    if (figures.isEmpty()) {
      figures.add(new KeyFigures.Figure("edges", "%,d".formatted(findings.edges().size()), basis));
    }
    return new KeyFigures(figures);
  }

  private KeyFigures.Figure figure(String name, Estimate value, String meaning) {
    return new KeyFigures.Figure(
        name, CircuitWords.plain(value.mean()), CircuitWords.error(value) + meaning + "; " + basis);
  }

  private KeyFigures.Figure random(RandomCircuits random) {
    var interval = random.interval();
    return new KeyFigures.Figure(
        "random circuits",
        "%s to %s"
            .formatted(CircuitWords.plain(interval.low()), CircuitWords.plain(interval.high())),
        "faithfulness, middle %s of %s, seed %d; %s"
            .formatted(
                CircuitWords.percent(random.confidence()),
                CircuitWords.count(random.shares().size(), "circuit"),
                random.seed(),
                basis));
  }

  /** Return all numbers of the circuit with what they depend on; empty where none is named. */
  public Optional<Table> numbers() {
    return findings.result().map(this::numbers);
  }

  private Table numbers(Result result) {
    var here = result.faithfulness();
    int decimals =
        Numbers.decimals(Math.max(Math.abs(here.full().mean()), Math.abs(here.empty().mean())));
    var table =
        Table.titled(
            "What is left of the behaviour",
            Column.text("left").explained("of the model"),
            Column.number("edges", 0).explained("how many are left"),
            Column.number("share", 3).explained("(m - m(ablated)) / (m(whole) - m(ablated))"),
            Column.error(3, "prompts"),
            Column.signed("m", decimals).explained(metric),
            Column.error(decimals, "prompts"),
            Column.text("level").explained("what is ablated where it is outside"),
            Column.text("ablation").explained("what stands in its place"),
            Column.text("positions"),
            Column.number("n", 0).explained("prompts"));
    row(table, "whole model", findings.edges().shape().edges(), one(here, 1), here.full());
    row(table, "circuit", here.edges(), here.share(), here.circuit());
    var without = result.completeness();
    row(table, "all but it", without.edges(), without.share(), without.circuit());
    row(table, "nothing", Double.NaN, one(here, 0), here.empty());
    return table.build();
  }

  /** The share of the whole model and of nothing is by definition, so that it has no error. */
  private static Estimate one(Faithfulness found, double share) {
    return new Estimate(share, Double.NaN, found.share().n());
  }

  private void row(Table.Builder table, String left, double edges, Estimate share, Estimate value) {
    var measured = findings.measured();
    table.row(
        Cell.of(left),
        Cell.of(edges),
        Cell.of(Numbers.finite(share.mean())),
        Cell.of(Numbers.finite(share.standardError())),
        Cell.of(Numbers.finite(value.mean())),
        Cell.of(Numbers.finite(value.standardError())),
        Cell.of(measured.ablating().granularity().toString()),
        Cell.of(measured.ablating().corruption().toString()),
        Cell.of("all"),
        Cell.of(measured.pairs()));
  }

  /** Return the circuit beside random ones as bars; empty where no circuit is named. */
  public Optional<BarChart> bars() {
    return findings
        .result()
        .map(result -> {
          var bars = new ArrayList<BarChart.Bar>();
          bars.add(bar("circuit", result.faithfulness().share()));
          bars.add(bar("all but the circuit", result.completeness().share()));
          result
              .random()
              .map(RandomCircuits::interval)
              // A bar to the middle of the interval, so that its ends are those of the interval.
              .ifPresent(interval ->
                  bars.add(
                      new BarChart.Bar(
                          "random circuits",
                          (interval.low() + interval.high()) / 2,
                          (interval.high() - interval.low()) / 2)));
          return new BarChart(
              "Share of the behaviour", "faithfulness; " + basis + "; ± 95 %", bars);
        });
  }

  private static BarChart.Bar bar(String label, Estimate value) {
    return new BarChart.Bar(label, value.mean(), CircuitWords.half(value));
  }

  /** Return the faithfulness of circuits of growing size; empty where edges have no scores. */
  public Optional<LineChart> curve() {
    return findings.curve().map(this::curve);
  }

  private LineChart curve(Curve curve) {
    var points = curve.found().points();
    var shares = points.stream().map(point -> point.faithfulness().share()).toList();
    return new LineChart(
        "Faithfulness of the best k edges",
        new Axis(
            "k, share of all edges",
            points.stream().map(point -> CircuitWords.percent(point.of())).toList()),
        "faithfulness; " + basis + (shares.getFirst().n() > 1 ? "; ± 95 %" : ""),
        List.of(
            new LineChart.Line(
                "circuit",
                shares.stream().map(share -> Numbers.finite(share.mean())).toList(),
                shares.stream().map(CircuitWords::half).toList()),
            new LineChart.Line("whole model", Collections.nCopies(points.size(), 1.0), List.of())));
  }

  private Table points(FaithfulnessCurve curve) {
    var table =
        Table.titled(
            "The same in numbers",
            Column.text("k"),
            Column.number("edges", 0).explained("how many are left of the model"),
            Column.number("faithfulness", 3).explained(basis),
            Column.error(3, "prompts"),
            Column.signed("m", 3).explained(metric),
            Column.error(3, "prompts"));
    for (var point : curve.points()) {
      var found = point.faithfulness();
      table.row(
          Cell.of(CircuitWords.percent(point.of())),
          Cell.of(found.edges()),
          Cell.of(Numbers.finite(found.share().mean())),
          Cell.of(Numbers.finite(found.share().standardError())),
          Cell.of(Numbers.finite(found.circuit().mean())),
          Cell.of(Numbers.finite(found.circuit().standardError())));
    }
    return table.build();
  }

  /** Return what each part is needed for, the most needed first; empty where it was not asked. */
  public Optional<BarChart> minimality() {
    return found()
        .map(found ->
            new BarChart(
                "What is lost without each part",
                "share of the behaviour; " + basis + "; ± 95 %",
                falling(found).stream()
                    .limit(PARTS)
                    .map(part -> bar(part.name(), part.share()))
                    .toList()));
  }

  private Optional<Minimality> found() {
    return findings.result().flatMap(Result::minimality).filter(found -> !found.parts().isEmpty());
  }

  private static List<Minimality.Part> falling(Minimality found) {
    return found.parts().stream()
        .sorted(Comparator.comparingDouble(part -> -part.share().mean()))
        .toList();
  }

  /** Return what a terminal shows. */
  public List<Block> highlights() {
    var blocks = new ArrayList<Block>();
    blocks.add(new Prose("Measured by: " + findings.measured() + "."));
    blocks.add(figures());
    numbers().ifPresent(blocks::add);
    curve().ifPresent(blocks::add);
    minimality().ifPresent(blocks::add);
    return blocks;
  }

  // ---- The page

  /**
   * Return the whole page.
   *
   * @param again what to type to get it again
   * @param facts what else belongs to the provenance, in reading order
   */
  public HtmlReport page(String again, Map<String, String> facts) {
    var blocks = new ArrayList<Block>();
    blocks.add(new Section("What was asked"));
    blocks.add(new Bullets(asked()));
    blocks.add(figures());
    blocks.add(new Section("Prompts"));
    blocks.add(PromptLines.pairs(findings.prompts()));
    findings.result().ifPresent(result -> blocks.addAll(result(result)));
    findings.curve().ifPresent(curve -> blocks.addAll(section(curve)));
    found().ifPresent(found -> blocks.addAll(section(found)));
    if (findings.edges().size() > 0) {
      blocks.add(new Section("The circuit"));
      blocks.addAll(new CircuitFilePage(findings.circuit()).graph(findings.edges()));
    }
    var own = new LinkedHashMap<String, String>();
    own.put("circuit", findings.circuit().name());
    own.put("metric", metric);
    own.put("ablation", findings.measured().ablating().toString());
    own.put("prompts", Integer.toString(findings.measured().pairs()));
    return HtmlReport.titled(
            "Is it the circuit? %s in %s"
                .formatted(CircuitWords.file(findings.circuit().name()), findings.model().model()))
        .withSummary(summary())
        .add(blocks.toArray(Block[]::new))
        .ending(findings.notes(), again, Provenance.of(findings.model(), own, facts));
  }

  private String summary() {
    return "%s of %,d, run with everything outside ablated: %s."
        .formatted(
            CircuitWords.count(findings.edges().size(), "edge"),
            findings.edges().shape().edges(),
            findings.measured());
  }

  private List<String> asked() {
    var ablating = findings.measured().ablating();
    return List.of(
        "Does the circuit do what the model does (faithfulness), is nothing of it left without the"
            + " circuit (completeness), and how do circuits of the same size do that are drawn at"
            + " random?",
        "Ablated is %s; in its place stands %s, at all positions. Another choice gives other numbers, so none of them means anything without it."
            .formatted(ablated(ablating.granularity()), placed(ablating.corruption())),
        "m is the %s, over %s."
            .formatted(metric, CircuitWords.count(findings.measured().pairs(), "prompt")));
  }

  private static String ablated(Granularity granularity) {
    return switch (granularity) {
      case EDGE -> "every edge outside the circuit, for itself";
      case NODE -> "every head and MLP outside the circuit, at its output; the input is left";
      case HEAD -> "every head outside the circuit, at its output; MLPs and the input are left";
    };
  }

  private static String placed(Corruption corruption) {
    return switch (corruption) {
      case COUNTERFACTUAL -> "what the corrupted prompt of the pair gives";
      case MEAN -> "the mean over the corrupted prompts of the same template";
      case ZERO -> "zero";
    };
  }

  private List<Block> result(Result result) {
    var blocks = new ArrayList<Block>();
    blocks.add(new Section("Faithfulness and completeness"));
    bars().ifPresent(blocks::add);
    blocks.add(new Prose(readingOfBars(result)));
    numbers().ifPresent(blocks::add);
    return blocks;
  }

  private String readingOfBars(Result result) {
    double share = result.faithfulness().share().mean();
    var text = new StringBuilder();
    text.append(
        "The whole model is 1, the model with all ablated 0. A faithful circuit is near 1; above it,"
            + " what is outside works against the answer. What is left without a complete circuit is"
            + " near 0. ");
    text.append(
        "The circuit has %s, all but the circuit %s."
            .formatted(
                CircuitWords.share(result.faithfulness().share()),
                CircuitWords.share(result.completeness().share())));
    result
        .random()
        .ifPresent(random ->
            text.append(
                " Of %s of its size, drawn with seed %d, the mean is %s; a share of %s is at least as faithful."
                    .formatted(
                        CircuitWords.count(random.shares().size(), "random circuit"),
                        random.seed(),
                        Numbers.fixed(random.mean(), 3, false),
                        CircuitWords.percent(random.atLeast(share)))));
    return text.append(" (").append(basis).append(")").toString();
  }

  private List<Block> section(Curve curve) {
    var found = curve.found();
    return List.of(
        new Section("Circuits of growing size"),
        curve(curve),
        new Prose(
            "Each size is %s. CPR, the area under the line over the share of edges, is `%s` (high where circuits perform); CMD, the area between it and 1, is `%s` (low where they do as the model). Both by the trapezoid rule over k itself, not its logarithm, so large circuits weigh most. (%s)"
                .formatted(
                    curve.rule(),
                    CircuitWords.share(found.cpr()),
                    CircuitWords.share(found.cmd()),
                    basis)),
        points(found));
  }

  private List<Block> section(Minimality found) {
    var parts = found.parts();
    long unsure =
        parts.stream()
            .filter(part -> Math.abs(part.share().mean()) <= 2 * part.share().standardError())
            .count();
    var text =
        "Each part is taken out of the circuit alone; what it loses by that is m(circuit) - m(circuit without it), as a share of m(whole) - m(ablated). A part that loses nothing is not needed, or another stands in for it. ";
    text +=
        unsure == 0
            ? "All parts lose more than two standard errors, or the errors are not known."
            : "%d of %s lose no more than two standard errors."
                .formatted(unsure, CircuitWords.count(parts.size(), "part"));
    if (parts.size() > PARTS) {
      text += " The %d most needed are shown.".formatted(PARTS);
    }
    var chart = minimality().orElseThrow();
    return List.of(new Section("Minimality"), chart, new Prose(text + " (" + basis + ")"));
  }
}
