package dev.loupe.report.study;

import static dev.loupe.report.study.Told.percent;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.attribution.Attribution;
import dev.loupe.lens.attribution.Contributor;
import dev.loupe.report.Axis;
import dev.loupe.report.BarChart;
import dev.loupe.report.Block;
import dev.loupe.report.Cell;
import dev.loupe.report.Column;
import dev.loupe.report.Heatmap;
import dev.loupe.report.KeyFigures;
import dev.loupe.report.LineChart;
import dev.loupe.report.Numbers;
import dev.loupe.report.Prose;
import dev.loupe.report.Scale;
import dev.loupe.report.Section;
import dev.loupe.report.Table;
import dev.loupe.study.HeadValues;
import dev.loupe.study.years.GreaterThanFindings;
import dev.loupe.study.years.GreaterThanFindings.KnockOut;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Tells how a model knows that a span of years ends after it began. */
public final class GreaterThanPage implements StudyPage {
  private static final int AROUND = 20;
  private static final int NAMED = 3;
  private static final int YEARS = 100;
  // Cells of a heatmap that fits a page.
  private static final int STARTS = 5;
  private static final int ENDS = 10;

  private final GreaterThanFindings findings;

  /** Takes the findings that are told. */
  public GreaterThanPage(GreaterThanFindings findings) {
    this.findings = findings;
  }

  @Override
  public GreaterThanFindings findings() {
    return findings;
  }

  @Override
  public String title() {
    return "How does " + findings.model().model() + " know that a span ends after it began?";
  }

  @Override
  public List<String> asked() {
    return List.of(
        "After \"The war lasted from the year 1732 to the year 17\" every year from 33 on is right"
            + " and none before (Hanna et al. 2023). The probability difference is the probability"
            + " of all later two-digit years minus that of all others; the cutoff sharpness is the"
            + " probability of YY + 1 minus that of YY - 1, the years right after and before the"
            + " start.",
        "In the corrupted prompts spans begin in the year 01, after which nearly every year is as"
            + " good as another. Recoveries are shares of the difference between clean and corrupted"
            + " prompts that a clean activation brings back in the corrupted run (denoising), means"
            + " over "
            + findings.prompts().size()
            + " prompts.");
  }

  @Override
  public List<KeyFigures.Figure> baselines() {
    return List.of(
        probability("clean", findings.clean(), "probability difference"),
        probability("corrupted", findings.corrupted(), "the same, spans from 01"),
        probability("sharpness", findings.sharpness(), "p(YY + 1) - p(YY - 1)"),
        probability(
            "corrupted sharpness", findings.corruptedSharpness(), "the same, spans from 01"),
        new KeyFigures.Figure(
            "accuracy",
            percent(findings.curves().accuracy()),
            "prompts whose likeliest year is a later one"),
        new KeyFigures.Figure(
            "years", percent(findings.curves().mass().mean()), "probability of all 100 years"));
  }

  private static KeyFigures.Figure probability(String name, Estimate value, String explanation) {
    return Told.figure(name, value, explanation, 3, true);
  }

  private static String three(double value) {
    return Numbers.fixed(value, 3, true);
  }

  @Override
  public List<Block> results() {
    return List.of(
        new Section("What the model expects"),
        years(),
        new Prose(
            "Each row is of spans that began in these years, each column of years that could end"
                + " them: with a model that can compare, what lies left of the diagonal stays at 0."
                + " Rows of years in which no span began are empty; every single year is in the"
                + " table `years`."),
        distance(),
        new Prose(
            "The same around the start, over all spans that have such a year. A model that compares"
                + " exactly has a step here, low up to 0 and high from +1 on, and the cutoff sharpness"
                + " says how high it is; a line that climbs slowly is of one that does not tell"
                + " neighbouring years apart."),
        new Section("Which heads carry it"),
        all(),
        end(),
        new Prose(
            "Blue heads bring the clean probabilities back. At all positions a head may tell later"
                + " heads what it read; at the last token it can only use it. Single heads need not"
                + " add up to 1."),
        attention(),
        new Prose(
            "How much of its attention each head gives from the last token to YY, the year of the"
                + " start, on clean prompts. A head can only carry the year to the end if it looks"
                + " there."),
        top(),
        new Section("Which MLPs carry it"),
        mlps(),
        new Prose(
            "An MLP that carries the comparison brings it back with its clean output. Where both lines"
                + " agree, it works at the last token alone. Hanna et al. find in GPT-2 small that late"
                + " MLPs turn the year that heads bring into the years after it."),
        new Section("Where the answer takes shape"),
        lens(),
        new Prose(
            "The probability difference if the model had to answer from the residual stream before"
                + " each block (logit lens). Where the line rises, the blocks before have written"
                + " the answer."),
        layers(),
        new Prose(
            "What each layer adds directly to the mean logit of the later years, above that of the"
                + " others. The parts add up to the whole."),
        new Section("What is left without them"),
        knockOuts(),
        new Prose(
            "Components at the last token are set to their mean over the corrupted prompts, where"
                + " every span begins in 01. The nearer a row comes to the corrupted baseline, the"
                + " more of the comparison went through what it leaves out."));
  }

  private Heatmap years() {
    return Heatmap.of(
        "Probability of years, by the year of the start",
        ranges("start", STARTS),
        ranges("year", ENDS),
        findings.curves().grouped(STARTS, ENDS),
        "mean probability of the years of a column together",
        Scale.SEQUENTIAL);
  }

  private static Axis ranges(String name, int size) {
    return new Axis(
        name,
        IntStream.iterate(0, from -> from < YEARS, from -> from + size)
            .mapToObj(from -> year(from) + "-" + year(Math.min(YEARS, from + size) - 1))
            .toList());
  }

  private static String year(int year) {
    return String.format(Locale.ROOT, "%02d", year);
  }

  private LineChart distance() {
    var places = IntStream.rangeClosed(-AROUND, AROUND).boxed().toList();
    return new LineChart(
        "Probability around the start of the span",
        new Axis(
            "years after the start",
            places.stream().map(d -> d > 0 ? "+" + d : Integer.toString(d)).toList()),
        "mean probability of the year",
        List.of(
            new LineChart.Line(
                "clean",
                places.stream().map(d -> findings.curves().atDistance(d)).toList(),
                List.of())));
  }

  private Heatmap all() {
    return HeadMaps.of(
        "Clean z at all positions into the corrupted run",
        findings.headsAll(),
        "recovery of the probability difference",
        Scale.DIVERGING);
  }

  private Heatmap end() {
    return HeadMaps.of(
        "Clean z at END into the corrupted run",
        findings.headsEnd(),
        "recovery of the probability difference",
        Scale.DIVERGING);
  }

  private Heatmap attention() {
    return HeadMaps.of(
        "Attention from END to YY", findings.attention(), "attention", Scale.SEQUENTIAL);
  }

  private Table top() {
    var table =
        Table.titled(
            "The heads that carry most at the last token",
            Column.label("head"),
            Column.signed("END", 3).explained("recovery with clean z at END"),
            Column.error(3, "prompts"),
            Column.signed("all", 3).explained("recovery with clean z at all positions"),
            Column.number("→ YY", 2).explained("attention from END to YY"),
            Column.signed("direct", 3)
                .explained(
                    "what it adds to the mean logit of later years above that of the others"));
    var shown =
        findings.topHeads().isEmpty()
            ? findings.headsEnd().strongest().subList(0, 1)
            : findings.topHeads();
    for (var of : shown) {
      table.row(
          Cell.of(of.head().toString()),
          Cell.of(of.value().mean()),
          Cell.of(of.value().standardError()),
          Cell.of(findings.headsAll().of(of.head()).mean()),
          Cell.of(findings.attention().of(of.head()).mean()),
          Cell.of(direct(new Contributor.OfHead(of.head()))));
    }
    return table.build();
  }

  private double direct(Contributor part) {
    return findings.byHead().of(part).map(Estimate::mean).orElse(Double.NaN);
  }

  private LineChart mlps() {
    return new LineChart(
        "Clean MLP outputs into the corrupted run",
        Axis.numbered("layer", "L", findings.mlpsEnd().size()),
        "recovery of the probability difference",
        List.of(line("all positions", findings.mlpsAll()), line("END alone", findings.mlpsEnd())));
  }

  private static LineChart.Line line(String name, List<Estimate> values) {
    return new LineChart.Line(
        name,
        values.stream().map(Estimate::mean).toList(),
        values.stream().map(Told::error).toList());
  }

  private LineChart lens() {
    return new LineChart(
        "Logit lens at the last token",
        new Axis("residual stream", findings.lens().layers()),
        "probability difference",
        List.of(line("clean", findings.lensValues())));
  }

  private BarChart layers() {
    return new BarChart(
        "What each layer adds directly",
        findings.byLayer().target().label() + " of later years above the others; ± 95 %",
        findings.byLayer().parts().stream().map(GreaterThanPage::bar).toList());
  }

  private static BarChart.Bar bar(Attribution.Part part) {
    return new BarChart.Bar(
        part.contributor().toString(), part.value().mean(), Told.error(part.value()));
  }

  private Table knockOuts() {
    var table =
        Table.titled(
            "Without the strongest heads and MLPs at the last token",
            Column.text("without"),
            Column.signed("difference", 3).explained("probability difference"),
            Column.error(3, "prompts"),
            Column.signed("sharpness", 3).explained("p(YY + 1) - p(YY - 1)"),
            Column.error(3, "prompts"));
    row(table, "nothing", findings.clean(), findings.sharpness());
    for (var of : findings.knockOuts()) {
      row(table, without(of), of.difference(), of.sharpness());
    }
    return table.build();
  }

  private static String without(KnockOut of) {
    return of.what() + ": " + String.join(", ", of.components());
  }

  private static void row(Table.Builder table, String what, Estimate wide, Estimate narrow) {
    table.row(
        Cell.of(what),
        Cell.of(wide.mean()),
        Cell.of(wide.standardError()),
        Cell.of(narrow.mean()),
        Cell.of(narrow.standardError()));
  }

  @Override
  public List<Block> circuit() {
    if (findings.topHeads().isEmpty()) {
      return List.of();
    }
    int layers = findings.mlpsEnd().size();
    var graph = new HeadsToLogits(layers);
    for (var of : findings.topHeads()) {
      double direct = direct(new Contributor.OfHead(of.head()));
      boolean reads = findings.attention().of(of.head()).mean() >= .2;
      graph.add(
          of.head(),
          reads ? "reads YY" : "reads elsewhere",
          of.head() + ": recovery " + three(of.value().mean()),
          direct,
          "adds " + three(direct) + " logits directly");
    }
    for (var of : findings.knockOuts()) {
      if (of.what().equals("MLPs")) {
        of.components().forEach(name -> mlp(graph, name));
      }
    }
    return List.of(
        graph.graph("Heads and MLPs that carry the comparison at the last token"),
        new Prose(
            "Lines to the logits are what a part adds directly to the mean logit of later years"
                + " above that of the others; dashed ones take from it. What heads hand to MLPs is"
                + " not drawn."));
  }

  private void mlp(HeadsToLogits graph, String name) {
    int layer = Integer.parseInt(name.substring(name.indexOf(' ') + 1));
    double direct = direct(new Contributor.MlpOut(layer));
    graph.addMlp(
        layer,
        name + ": recovery " + three(findings.mlpsEnd().get(layer).mean()),
        direct,
        "adds " + three(direct) + " logits directly");
  }

  @Override
  public List<String> conclusions() {
    var sentences = new ArrayList<String>();
    sentences.add(
        "The probability of later years minus that of the others is "
            + three(findings.clean().mean())
            + " after clean prompts, "
            + three(findings.corrupted().mean())
            + " after corrupted ones; that of the year right after the start minus that of the one"
            + " right before it is "
            + three(findings.sharpness().mean())
            + " (standard error "
            + Numbers.fixed(findings.sharpness().standardError(), 3, false)
            + "), of "
            + Numbers.fixed(findings.curves().atDistance(1), 3, false)
            + " that the year right after has in the mean.");
    if (!findings.topHeads().isEmpty()) {
      sentences.add(
          "At the last token these heads bring most back: " + listed(findings.topHeads()) + ".");
    }
    var looking = findings.attention().descending().subList(0, 1).getFirst();
    sentences.add(
        "From there "
            + looking.head()
            + " looks most at the year of the start ("
            + Numbers.fixed(looking.value().mean(), 2, false)
            + " of its attention).");
    for (var of : findings.knockOuts()) {
      sentences.add(
          "Without "
              + String.join(", ", of.components())
              + " the probability difference goes from "
              + three(findings.clean().mean())
              + " to "
              + three(of.difference().mean())
              + ", the sharpness from "
              + three(findings.sharpness().mean())
              + " to "
              + three(of.sharpness().mean())
              + ".");
    }
    return sentences;
  }

  private static String listed(List<HeadValues.OfHead> heads) {
    return heads.stream()
        .limit(NAMED)
        .map(of -> of.head() + " (recovery " + three(of.value().mean()) + ")")
        .collect(Collectors.joining(", "));
  }

  @Override
  public List<Block> highlights() {
    return List.of(end(), top(), knockOuts());
  }
}
