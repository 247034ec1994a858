package dev.loupe.report.study;

import static dev.loupe.report.study.Told.figure;
import static dev.loupe.report.study.Told.names;
import static dev.loupe.report.study.Told.percent;
import static dev.loupe.report.study.Told.signed;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.heads.HeadDetector;
import dev.loupe.report.Axis;
import dev.loupe.report.BarChart;
import dev.loupe.report.Block;
import dev.loupe.report.Cell;
import dev.loupe.report.CircuitGraph;
import dev.loupe.report.Column;
import dev.loupe.report.Heatmap;
import dev.loupe.report.KeyFigures;
import dev.loupe.report.LineChart;
import dev.loupe.report.Numbers;
import dev.loupe.report.Prose;
import dev.loupe.report.Scale;
import dev.loupe.report.Section;
import dev.loupe.report.Table;
import dev.loupe.study.induction.Induction;
import dev.loupe.study.induction.InductionFindings;
import dev.loupe.study.induction.InductionFindings.Composed;
import dev.loupe.study.induction.InductionFindings.Half;
import dev.loupe.study.induction.InductionFindings.KnockOut;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** Tells how a model continues what it has seen once. */
public final class InductionPage implements StudyPage {

  private final InductionFindings findings;

  /** Takes the findings that are told. */
  public InductionPage(InductionFindings findings) {
    this.findings = findings;
  }

  @Override
  public InductionFindings findings() {
    return findings;
  }

  @Override
  public String title() {
    return "How does " + findings.model().model() + " continue what it has seen once?";
  }

  @Override
  public List<String> asked() {
    return List.of(
        "Random tokens come twice in the same order. The first time nobody can know what follows;"
            + " the second time a model can, if it finds where a token stood before and says what"
            + " came after it: induction. The usual circuit has two heads: one writes into each"
            + " token which one came before it, and a later one, the induction head, looks for the"
            + " token whose predecessor is the present one (Elhage et al. 2021, Olsson et al. 2022).",
        "Losses and attention are means over "
            + findings.scores().sequences()
            + " sequences of "
            + findings.scores().length()
            + " random tokens that come twice. Heads are patched on "
            + findings.prompts().size()
            + " prompts of their own, shown below, whose corrupted form has another token where the"
            + " answer stood the first time.");
  }

  @Override
  public List<KeyFigures.Figure> baselines() {
    var whole = findings.whole();
    return List.of(
        figure("first loss", whole.first().loss(), "nats a token, the first time", 2, false),
        figure("second loss", whole.second().loss(), "nats a token, the second time", 2, false),
        new KeyFigures.Figure(
            "accuracy",
            percent(whole.second().accuracy().mean()),
            "of the second time, where the likeliest token is right; the first time "
                + percent(whole.first().accuracy().mean())),
        figure("clean", findings.clean(), "logit of the answer minus that of its replacement"),
        figure("corrupted", findings.corrupted(), "the same where the replacement stood before"));
  }

  @Override
  public List<Block> results() {
    var blocks = new ArrayList<Block>();
    blocks.add(new Section("Is there induction?"));
    blocks.add(losses());
    blocks.add(
        new Prose(
            "The two lines are the same tokens. Where the second lies well below the first, the"
                + " model uses what it saw; the first token of the second time cannot be known, and"
                + " means leave it out."));
    blocks.add(new Section("Which heads look where"));
    blocks.add(scores(HeadDetector.INDUCTION));
    blocks.add(scores(HeadDetector.PREVIOUS_TOKEN));
    blocks.add(scores(HeadDetector.DUPLICATE_TOKEN));
    blocks.add(
        new Prose(
            "Mean attention on the repeated tokens, from 0 to 1: of the second time to what followed"
                + " the same token the first time (induction), of every token to the one before it,"
                + " and of the second time to the same token the first time."));
    if (!findings.composition().isEmpty()) {
      blocks.add(new Section("Which heads compose"));
      blocks.add(composition());
      blocks.add(
          new Prose(
              "K-composition: how much the keys of an induction head read of what a previous-token"
                  + " head writes, by the weights alone. Matrices turned at random against one"
                  + " another have "
                  + Numbers.fixed(findings.chance(), 3, false)
                  + "; pairs well above it are made for one another."));
    }
    blocks.add(new Section("What is left without them"));
    blocks.add(knockOutBars());
    blocks.add(knockOuts());
    blocks.add(
        new Prose(
            "The loss of the second time with the z of some heads at its mean over all tokens, beside"
                + " as many other heads drawn at random. If induction heads do the work, the loss is"
                + " higher and the accuracy lower without them than without any draw."));
    blocks.add(new Section("Which heads carry the answer"));
    blocks.add(recoveries());
    blocks.add(
        new Prose(
            "Blue heads bring the right token back when they get their clean output at the last"
                + " token. One that also has a high induction score reads it where it stood the first"
                + " time; others may repeat what earlier layers brought."));
    return blocks;
  }

  private LineChart losses() {
    int length = findings.scores().length();
    return new LineChart(
        "Loss by position, the first and the second time",
        new Axis("token", IntStream.range(0, length).mapToObj(Integer::toString).toList()),
        "loss in nats",
        List.of(
            line("first", findings.whole().first()), line("second", findings.whole().second())));
  }

  private static LineChart.Line line(String name, Half half) {
    return new LineChart.Line(
        name,
        half.byPosition().stream().map(Estimate::mean).toList(),
        half.byPosition().stream().map(Told::error).toList());
  }

  private Heatmap scores(HeadDetector detector) {
    return HeadMaps.of(
            Character.toUpperCase(detector.label().charAt(0))
                + detector.label().substring(1)
                + " score",
            findings.of(detector),
            detector.meaning(),
            Scale.SEQUENTIAL)
        .reaching(1);
  }

  private Table composition() {
    var table =
        Table.titled(
            "K-composition of previous-token heads with induction heads",
            Column.label("previous-token head"),
            Column.label("induction head"),
            Column.number("score", 3),
            Column.number("× chance", 1).explained("over the score of random matrices"));
    findings.composition().stream()
        .filter(pair -> Double.isFinite(pair.score()))
        .sorted(Comparator.comparingDouble(Composed::score).reversed())
        .forEach(pair ->
            table.row(
                Cell.of(pair.from().toString()),
                Cell.of(pair.to().toString()),
                Cell.of(pair.score()),
                Cell.of(pair.score() / findings.chance())));
    return table.build();
  }

  private BarChart knockOutBars() {
    var bars = new ArrayList<BarChart.Bar>();
    bars.add(bar("nothing", findings.whole().second().loss()));
    findings.knockOuts().forEach(of -> bars.add(bar(name(of), of.second().loss())));
    return new BarChart("Loss of the second time without some heads", "nats a token; ± 95 %", bars);
  }

  /** Heads are called by what they are alone where one attends much as such. */
  private String name(KnockOut of) {
    boolean first = of.heads().equals(findings.inductionHeads());
    return first && !hasInductionHead() ? "heads most like induction heads" : of.what();
  }

  private static BarChart.Bar bar(String label, Estimate value) {
    return new BarChart.Bar(label, value.mean(), Told.error(value));
  }

  private Table knockOuts() {
    var table =
        Table.titled(
            "The second time without some heads",
            Column.text("without"),
            Column.number("loss", 3).explained("nats a token"),
            Column.error(3, "sequences"),
            Column.number("accuracy %", 1).explained("tokens that are the likeliest"),
            Column.text("heads"));
    row(table, "nothing", findings.whole().second(), "");
    findings.knockOuts().forEach(of -> row(table, name(of), of.second(), names(of.heads())));
    return table.build();
  }

  private static void row(Table.Builder table, String what, Half half, String heads) {
    table.row(
        Cell.of(what),
        Cell.of(half.loss().mean()),
        Cell.of(half.loss().standardError()),
        Cell.of(100 * half.accuracy().mean()),
        Cell.of(heads));
  }

  private Heatmap recoveries() {
    return HeadMaps.of(
        "Clean z at END into the corrupted run",
        findings.recoveries(),
        "recovery of the logit difference",
        Scale.DIVERGING);
  }

  @Override
  public List<Block> circuit() {
    if (!hasInductionHead()) {
      return List.of();
    }
    var edges =
        findings.composition().stream()
            .filter(pair -> pair.score() > findings.chance())
            .map(pair ->
                new CircuitGraph.Edge(
                    HeadsToLogits.id(pair.from()),
                    HeadsToLogits.id(pair.to()),
                    pair.score(),
                    "K-composition " + Numbers.fixed(pair.score(), 3, false)))
            .toList();
    var nodes = new ArrayList<CircuitGraph.Node>();
    var induction = findings.inductionHeads();
    for (var head : findings.previous()) {
      if (!induction.contains(head)) {
        nodes.add(node(head, HeadDetector.PREVIOUS_TOKEN));
      }
    }
    induction.forEach(head -> nodes.add(node(head, HeadDetector.INDUCTION)));
    int layers = findings.recoveries().values().size();
    return List.of(
        new CircuitGraph("Previous-token and induction heads", layers, nodes, edges),
        new Prose(
            edges.isEmpty()
                ? "No previous-token head comes before an induction head that reads more of it than"
                    + " chance, so that there are no lines."
                : "Lines are K-composition scores above those of random matrices: the wider, the"
                    + " more an induction head's keys read of a previous-token head."));
  }

  private CircuitGraph.Node node(Head head, HeadDetector detector) {
    double score = findings.of(detector).of(head).mean();
    return new CircuitGraph.Node(
        HeadsToLogits.id(head),
        head.layer(),
        CircuitGraph.Kind.HEAD,
        detector.label(),
        head + ": " + detector.label() + " score " + Numbers.fixed(score, 2, false));
  }

  @Override
  public List<String> conclusions() {
    var sentences = new ArrayList<String>();
    double first = findings.whole().first().loss().mean();
    double second = findings.whole().second().loss().mean();
    sentences.add(
        "The second time costs "
            + Numbers.fixed(second, 2, false)
            + " nats a token, the first "
            + Numbers.fixed(first, 2, false)
            + (findings.showsInduction()
                ? "."
                : ": no less than chance explains. This model shows no induction here, and what"
                    + " follows says little."));
    var induction = findings.inductionHeads();
    sentences.add(
        "Most like induction heads look "
            + names(induction)
            + " (attention "
            + induction.stream()
                .map(head ->
                    Numbers.fixed(findings.of(HeadDetector.INDUCTION).of(head).mean(), 2, false))
                .reduce((a, b) -> a + ", " + b)
                .orElse("")
            + "), most like previous-token heads "
            + names(findings.previous())
            + "."
            + (hasInductionHead()
                ? ""
                : " None gives `"
                    + Numbers.fixed(Induction.LOOKS_LIKE, 1, false)
                    + "` of its attention, as an induction head would: no circuit is drawn."));
    sentences.add(
        "Without "
            + (hasInductionHead() ? "these induction heads" : "the heads most like induction heads")
            + " the second time costs "
            + cost(findings.knockOuts().subList(0, 1))
            + others());
    var best = findings.recoveries().descending().getFirst();
    sentences.add(
        "Of single heads "
            + best.head()
            + " brings most of the answer back at the last token (recovery "
            + signed(best.value().mean())
            + ").");
    return sentences;
  }

  private String others() {
    int count = findings.knockOuts().size();
    return count == 1
        ? "."
        : "; without as many others drawn at random, "
            + cost(findings.knockOuts().subList(1, count))
            + " in the mean of "
            + (count - 1)
            + " draws. The loss without them is "
            + (isAbove(half -> half.loss().mean()) ? "above" : "not above")
            + " that of every draw, the accuracy "
            + (isAbove(half -> -half.accuracy().mean()) ? "below" : "not below")
            + " it.";
  }

  /** Tell whether a value without the induction heads is above that without any drawn heads. */
  private boolean isAbove(ToDoubleFunction<Half> value) {
    double without = value.applyAsDouble(findings.knockOuts().getFirst().second());
    return findings.knockOuts().stream()
        .skip(1)
        .allMatch(drawn -> value.applyAsDouble(drawn.second()) < without);
  }

  private static String cost(List<KnockOut> without) {
    return Numbers.fixed(mean(without, half -> half.loss().mean()), 2, false)
        + " nats a token and "
        + percent(mean(without, half -> half.accuracy().mean()))
        + " are right";
  }

  private static double mean(List<KnockOut> of, ToDoubleFunction<Half> value) {
    return of.stream()
        .mapToDouble(each -> value.applyAsDouble(each.second()))
        .average()
        .orElse(Double.NaN);
  }

  private boolean hasInductionHead() {
    var best = findings.of(HeadDetector.INDUCTION).descending().getFirst();
    return best.value().mean() >= Induction.LOOKS_LIKE;
  }

  @Override
  public List<Block> highlights() {
    return List.of(losses(), scores(HeadDetector.INDUCTION), knockOuts());
  }
}
