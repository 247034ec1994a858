package dev.loupe.report.study;

import dev.loupe.lens.At;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.logitlens.LensCurves;
import dev.loupe.model.Provenance;
import dev.loupe.report.AttentionView;
import dev.loupe.report.AttributionPage;
import dev.loupe.report.Axis;
import dev.loupe.report.Block;
import dev.loupe.report.Cell;
import dev.loupe.report.Column;
import dev.loupe.report.KeyFigures;
import dev.loupe.report.LineChart;
import dev.loupe.report.Numbers;
import dev.loupe.report.PromptLines;
import dev.loupe.report.Prose;
import dev.loupe.report.Section;
import dev.loupe.report.Table;
import dev.loupe.study.AttributionFindings;
import dev.loupe.study.AttributionFindings.Result;
import dev.loupe.study.behaviour.BehaviourFindings;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Tell the analysis of a behaviour in its order, for the page of any study that has one. */
final class BehaviourSections {
  private final Provenance model;
  private final BehaviourFindings found;
  private final BehaviourWriters writers;
  private final BehaviourPatches patches;
  private final BehaviourPaths paths;

  BehaviourSections(Provenance model, BehaviourFindings found) {
    this.model = model;
    this.found = found;
    var sweeps = new BehaviourSweeps(model, found.prompts());
    writers = new BehaviourWriters(found, sweeps);
    patches = new BehaviourPatches(found, sweeps);
    paths = new BehaviourPaths(found, sweeps);
  }

  List<Block> all() {
    return Stream.of(
            buildsUp(),
            written(),
            attention(),
            patches.kept(),
            patches.carried(),
            patches.byPosition(),
            writers.without(),
            paths.all())
        .flatMap(List::stream)
        .toList();
  }

  List<KeyFigures.Figure> baselines() {
    var of = found.baselines();
    return List.of(
        Told.figure(
            "clean",
            of.logitDifference().clean(),
            "logit of the answer minus that of the wrong one"),
        Told.figure(
            "corrupted", of.logitDifference().corrupted(), "the same answers, corrupted prompts"),
        new KeyFigures.Figure(
            "top-1",
            Told.percent(of.accuracy().clean().mean()),
            "clean prompts whose likeliest token is the answer; it is likelier than the wrong one on "
                + Told.percent(of.preferred(true).mean())),
        new KeyFigures.Figure(
            "gap", Told.signed(of.gap()), "clean minus corrupted: a recovery or a loss of 1"));
  }

  // ---- How the answer builds up

  private List<Block> buildsUp() {
    var lens = found.lens();
    var chart =
        new LineChart(
            "Logit lens: the logit difference of the residual stream at END",
            new Axis("residual stream", lens.clean().layers()),
            "logit difference; ± 95 %",
            List.of(
                line("clean", lens.clean()),
                line("corrupted", lens.corrupted()),
                line("clean, own scale", lens.alone())));
    return List.of(
        new Section("How the answer builds up"),
        chart,
        new Prose(
            "Each point is the residual stream that has accumulated so far, read through the final"
                + " norm and the unembedding. `3_pre` is what block 3 receives, `3_mid` stands"
                + " between its attention and its MLP. With the scale of the whole run a step of"
                + " `clean` is what that part adds directly; with its own scale a point is what the"
                + " model would say if it ended there."),
        attribution(new Result.ByLayer(found.layers())).bars(),
        new Prose(
            "The same steps one by one (direct attribution): bars to the right write the answer,"
                + " bars to the left against it. All add up to the clean logit difference, "
                + Told.signed(found.layers().total().mean())
                + "."));
  }

  private static LineChart.Line line(String name, LensCurves curves) {
    var values = curves.of(At.END, StandardMetric.LOGIT_DIFFERENCE);
    return new LineChart.Line(
        name,
        values.stream().map(value -> Numbers.finite(value.mean())).toList(),
        values.stream().map(value -> Numbers.NORMAL_95 * value.standardError()).toList());
  }

  private AttributionPage attribution(Result result) {
    return new AttributionPage(new AttributionFindings(model, result, found.prompts(), List.of()));
  }

  // ---- Where they look

  private List<Block> attention() {
    var blocks = new ArrayList<Block>();
    blocks.add(new Section("Where the top heads look"));
    found
        .attention()
        .patterns()
        .forEach((row, patterns) -> {
          var heads = new ArrayList<AttentionView.HeadPattern>();
          patterns.forEach(
              (head, pattern) -> heads.add(AttentionView.HeadPattern.of(head.toString(), pattern)));
          blocks.add(
              new AttentionView(
                  "Attention on prompt " + (row + 1),
                  PromptLines.clean("clean", found.prompts().get(row)),
                  heads));
        });
    scores().ifPresent(blocks::add);
    blocks.add(
        new Prose(
            "These heads write most, or bring most back when their output is patched. Each token is"
                + " as dark as the selected token attends to it; the table is the attention from END"
                + " to the key positions, a mean over all prompts."));
    return blocks;
  }

  private Optional<Table> scores() {
    return found
        .attention()
        .scores()
        .map(scores -> {
          var columns = new ArrayList<Column>();
          columns.add(Column.label("head"));
          scores.pairs().forEach(pair -> columns.add(Column.number("→ " + pair.source(), 2)));
          var table =
              Table.titled(
                  "Attention from END to the key positions", columns.toArray(Column[]::new));
          for (var head : found.attention().heads()) {
            var cells = new ArrayList<Cell>();
            cells.add(Cell.of(head.toString()));
            scores.pairs().forEach(pair -> cells.add(Cell.of(scores.of(pair, head).mean())));
            table.row(cells.toArray(Cell[]::new));
          }
          return table.build();
        });
  }

  private List<Block> written() {
    var blocks = new ArrayList<Block>();
    blocks.add(new Section("Which heads write it"));
    attribution(new Result.ByHead(found.heads())).heatmap().ifPresent(blocks::add);
    blocks.add(
        new Prose(
            "Direct attribution by head: what each adds to the logit difference itself, through the"
                + " final norm as the run has it. What MLPs make of a head is not in it."));
    blocks.addAll(writers.toLogits());
    return blocks;
  }

  /** Return the few charts that tell most. */
  List<Block> highlights() {
    return List.of(patches.highlight(), writers.heatmap(), writers.knockOut());
  }
}
