package dev.loupe.report.study;

import static dev.loupe.report.study.Told.figure;
import static dev.loupe.report.study.Told.percent;
import static dev.loupe.report.study.Told.signed;

import dev.loupe.lens.Estimate;
import dev.loupe.model.Token;
import dev.loupe.report.BarChart;
import dev.loupe.report.Block;
import dev.loupe.report.Cell;
import dev.loupe.report.Column;
import dev.loupe.report.KeyFigures;
import dev.loupe.report.Prose;
import dev.loupe.report.Section;
import dev.loupe.report.Table;
import dev.loupe.study.interventions.InterventionsFindings;
import dev.loupe.study.interventions.InterventionsFindings.Measured;
import dev.loupe.study.interventions.NextTokens.Next;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Tells what some interventions do, together and one by one. */
public final class InterventionsPage implements StudyPage {
  private static final int PROMPTS = 24;
  private static final int TOKENS_OF = 4;
  private static final int BARS = 24;
  private static final int NAMED = 8;

  private final InterventionsFindings findings;

  /** Takes the findings that are told. */
  public InterventionsPage(InterventionsFindings findings) {
    this.findings = findings;
  }

  @Override
  public InterventionsFindings findings() {
    return findings;
  }

  @Override
  public String title() {
    var model = findings.model().model();
    return switch (count()) {
      case 0 -> "What " + model + " does without interventions";
      case 1 -> "What an intervention in " + model + " does";
      default -> "What " + count() + " interventions in " + model + " do";
    };
  }

  private int count() {
    return findings.study().interventions().size();
  }

  private String name(int intervention) {
    return findings.study().interventions().get(intervention).toString();
  }

  /** Charts cut long names short: the number tells which it is. */
  private String numbered(int intervention) {
    return (intervention + 1) + ": " + name(intervention);
  }

  private String label() {
    return findings.metric().label();
  }

  /** Return which run is intervened in. */
  private String base() {
    return findings.study().direction();
  }

  private String other() {
    return base().equals("clean") ? "corrupted" : "clean";
  }

  @Override
  public List<String> asked() {
    return List.of(
        "The "
            + base()
            + " run is intervened in: "
            + listed()
            + "."
            + (findings.corrupted().isPresent()
                ? " What is patched in comes from the " + other() + " run."
                : " There is no corrupted run."),
        "Measured is the "
            + label()
            + " after each prompt"
            + (findings.prompts().size() == 1 ? ", of one prompt (n = 1)." : ", in the mean over ")
            + (findings.prompts().size() == 1
                ? ""
                : findings.prompts().size() + " prompts (n); ± is their standard error."));
  }

  private String listed() {
    var names = IntStream.range(0, Math.min(NAMED, count())).mapToObj(this::name).toList();
    return names.isEmpty()
        ? "nothing, here"
        : String.join("; ", names)
            + (count() > NAMED ? "; and " + (count() - NAMED) + " more" : "");
  }

  @Override
  public List<KeyFigures.Figure> baselines() {
    var figures = new ArrayList<KeyFigures.Figure>();
    figures.add(figure("clean", findings.clean().mean(), label()));
    findings.corrupted().ifPresent(of -> figures.add(figure("corrupted", of.mean(), label())));
    figures.add(
        new KeyFigures.Figure(
            "n", Integer.toString(findings.prompts().size()), "prompts that means are over"));
    return figures;
  }

  @Override
  public List<Block> results() {
    var blocks = new ArrayList<Block>();
    blocks.add(new Section("What they do together"));
    blocks.add(together());
    blocks.add(
        new Prose(
            howToRead()
                + (findings.prompts().size() > 1 ? " Bars end in 95 % intervals." : "")
                + (count() > 1 && !findings.each().isEmpty()
                    ? " Those with a number have that intervention alone."
                    : "")));
    if (!findings.each().isEmpty()) {
      blocks.add(new Section("What each of them does"));
      blocks.add(each());
      blocks.add(
          new Prose(
              "Alone is the "
                  + base()
                  + " run with that intervention and no other, all others the run with all but that"
                  + " one. One that does much alone and changes little when it is left out does what"
                  + " others do too; one that does little alone and whose absence is missed works"
                  + " through others."));
    }
    blocks.add(new Section("What comes next"));
    int shown = Math.min(TOKENS_OF, findings.next().size());
    for (int prompt = 0; prompt < shown; prompt++) {
      blocks.add(tokens(prompt));
    }
    blocks.add(
        new Prose(
            "The likeliest next tokens of each run with their ids and probabilities."
                + (shown < findings.next().size()
                    ? " The table next_tokens of the run folder has those of more prompts."
                    : "")));
    if (findings.prompts().size() > 1) {
      blocks.add(new Section("Prompt by prompt"));
      blocks.add(prompts());
      blocks.add(
          new Prose(
              "Where the intervened run lies near the "
                  + base()
                  + " one on some prompts and far from it on others, the mean hides two behaviours."));
    }
    return blocks;
  }

  private String howToRead() {
    return findings
        .intervened()
        .recovered()
        .map(_ ->
            "Recovered is the share of the gap from the "
                + base()
                + " to the "
                + other()
                + " run that is closed: 0 as in the former, 1 as in the latter; it may lie outside.")
        .orElse(
            findings.corrupted().isPresent()
                ? "Clean and corrupted runs do not differ here: there is no gap to recover."
                : "Without a corrupted run there is no gap of which a share could be recovered.");
  }

  private BarChart together() {
    var bars = new ArrayList<BarChart.Bar>();
    bar(bars, "clean", findings.clean());
    findings.corrupted().ifPresent(of -> bar(bars, "corrupted", of));
    bar(bars, base() + ", all interventions", findings.intervened());
    for (int i = 0; i < findings.each().size() && count() > 1 && bars.size() < BARS; i++) {
      bar(bars, numbered(i), findings.each().get(i).alone());
    }
    return new BarChart("The " + label() + " with and without interventions", label(), bars);
  }

  /** A metric that is not finite, as some divergences are, has no bar. */
  private static void bar(List<BarChart.Bar> bars, String label, Measured of) {
    if (Double.isFinite(of.mean().mean())) {
      bars.add(new BarChart.Bar(label, of.mean().mean(), Told.error(of.mean())));
    }
  }

  private Table each() {
    var table =
        Table.titled(
            "Each intervention alone, and all others",
            Column.text("intervention"),
            Column.signed("alone", 3).explained(label() + " with it alone"),
            Column.error(3, "prompts"),
            Column.signed("recovered", 3).explained("share of the gap closed by it alone"),
            Column.signed("all others", 3).explained(label() + " with all but it"),
            Column.error(3, "prompts"),
            Column.signed("recovered by them", 3)
                .explained("share of the gap closed by all others"));
    for (int i = 0; i < findings.each().size(); i++) {
      var of = findings.each().get(i);
      table.row(
          Cell.of(numbered(i)),
          cell(of.alone().mean().mean()),
          cell(of.alone().mean().standardError()),
          recovered(of.alone()),
          cell(of.without().mean().mean()),
          cell(of.without().mean().standardError()),
          recovered(of.without()));
    }
    return table.build();
  }

  private static Cell recovered(Measured of) {
    return cell(of.recovered().map(Estimate::mean).orElse(Double.NaN));
  }

  private static Cell cell(double value) {
    return Cell.of(Double.isFinite(value) ? value : Double.NaN);
  }

  private Table tokens(int prompt) {
    var of = findings.next().get(prompt);
    boolean hasCorrupted = !of.corrupted().isEmpty();
    var columns = new ArrayList<Column>();
    columns.add(Column.number("place", 0));
    runColumns(columns, "clean");
    if (hasCorrupted) {
      runColumns(columns, "corrupted");
    }
    runColumns(columns, "intervened");
    var table =
        Table.titled(
            "After prompt " + (prompt + 1) + ": the likeliest tokens",
            columns.toArray(Column[]::new));
    for (int place = 0; place < of.clean().size(); place++) {
      var cells = new ArrayList<Cell>();
      cells.add(Cell.of(place + 1));
      runCells(cells, of.clean().get(place));
      if (hasCorrupted) {
        runCells(cells, of.corrupted().get(place));
      }
      runCells(cells, of.intervened().get(place));
      table.row(cells.toArray(Cell[]::new));
    }
    return table.build();
  }

  private static void runColumns(List<Column> columns, String run) {
    columns.add(Column.text(run));
    columns.add(Column.number("% " + run, 1).explained("probability in the " + run + " run"));
  }

  private static void runCells(List<Cell> cells, Next next) {
    cells.add(Cell.of(said(next.token())));
    cells.add(cell(100 * next.probability()));
  }

  private static String said(Token token) {
    // A token stays in one line.
    return token.text().isEmpty()
        ? Long.toString(token.id())
        : token.toString().replace(' ', '\u00a0');
  }

  private Table prompts() {
    int shown = Math.min(PROMPTS, findings.prompts().size());
    var table =
        Table.titled(
            shown < findings.prompts().size()
                ? "The first " + shown + " prompts"
                : "All " + shown + " prompts",
            Column.number("prompt", 0),
            Column.signed("clean", 3),
            Column.signed("corrupted", 3),
            Column.signed("intervened", 3),
            Column.text("answer"));
    for (int row = 0; row < shown; row++) {
      int at = row;
      table.row(
          Cell.of(row + 1),
          cell(findings.clean().byPrompt().get(row)),
          cell(findings.corrupted().map(of -> of.byPrompt().get(at)).orElse(Double.NaN)),
          cell(findings.intervened().byPrompt().get(row)),
          Cell.of(
              String.join(
                  ", ",
                  findings.prompts().get(row).answers().stream()
                      .map(InterventionsPage::said)
                      .toList())));
    }
    return table.build();
  }

  @Override
  public List<String> conclusions() {
    var sentences = new ArrayList<String>();
    if (count() == 0) {
      sentences.add("Nothing was intervened in; the runs are as they are.");
    } else {
      sentences.add(
          "With "
              + (count() == 1 ? "the intervention" : "all " + count() + " interventions")
              + " the "
              + label()
              + " of the "
              + base()
              + " run goes from "
              + signed(findings.base().mean().mean())
              + " to "
              + signed(findings.intervened().mean().mean())
              + findings
                  .intervened()
                  .recovered()
                  .map(of -> ", " + percent(of.mean()) + " of the way to the " + other() + " run.")
                  .orElse("."));
    }
    if (count() > 1 && !findings.each().isEmpty()) {
      sentences.add(strongest());
    }
    if (count() > 0) {
      long changed =
          IntStream.range(0, findings.next().size()).filter(this::changesLikeliest).count();
      sentences.add(
          "The likeliest next token changes after `"
              + changed
              + "` of "
              + findings.next().size()
              + (findings.next().size() == 1 ? " prompt." : " prompts."));
    }
    return sentences;
  }

  private boolean changesLikeliest(int prompt) {
    var of = findings.next().get(prompt);
    var before = base().equals("clean") ? of.clean() : of.corrupted();
    return before.getFirst().token().id() != of.intervened().getFirst().token().id();
  }

  private String strongest() {
    double from = findings.base().mean().mean();
    int best =
        IntStream.range(0, count())
            .boxed()
            .max(
                Comparator.comparingDouble(
                    i -> Math.abs(findings.each().get(i).alone().mean().mean() - from)))
            .orElseThrow();
    return "Alone, `"
        + name(best)
        + "` does most: "
        + signed(findings.each().get(best).alone().mean().mean())
        + "; all others without it give "
        + signed(findings.each().get(best).without().mean().mean())
        + ".";
  }

  @Override
  public List<Block> highlights() {
    var blocks = new ArrayList<Block>();
    blocks.add(together());
    if (!findings.each().isEmpty()) {
      blocks.add(each());
    }
    blocks.add(tokens(0));
    return blocks;
  }
}
