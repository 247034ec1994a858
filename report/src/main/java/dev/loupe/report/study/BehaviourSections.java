package dev.loupe.report.study;

import dev.loupe.lens.At;
import dev.loupe.lens.Head;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.logitlens.LensCurves;
import dev.loupe.lens.sweep.PatchSite;
import dev.loupe.lens.sweep.SweepResult;
import dev.loupe.model.Provenance;
import dev.loupe.report.AttentionView;
import dev.loupe.report.AttributionPage;
import dev.loupe.report.Axis;
import dev.loupe.report.BackupTables;
import dev.loupe.report.BarChart;
import dev.loupe.report.Block;
import dev.loupe.report.Cell;
import dev.loupe.report.Column;
import dev.loupe.report.Heatmap;
import dev.loupe.report.KeyFigures;
import dev.loupe.report.LineChart;
import dev.loupe.report.Numbers;
import dev.loupe.report.PromptLines;
import dev.loupe.report.Prose;
import dev.loupe.report.ScatterChart;
import dev.loupe.report.Section;
import dev.loupe.report.SweepPage;
import dev.loupe.report.Table;
import dev.loupe.study.AttributionFindings;
import dev.loupe.study.AttributionFindings.Result;
import dev.loupe.study.SweepFindings.Kind;
import dev.loupe.study.behaviour.BehaviourFindings;
import dev.loupe.study.behaviour.PathLevel;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** Tell the analysis of a behaviour in its order, for the page of any study that has one. */
final class BehaviourSections {
  private static final int BARS = 12;
  private static final int ROWS = 8;
  private static final String NEED_NOT_ADD_UP =
      " Single cells need not add up, as later layers react to earlier ones.";

  private final Provenance model;
  private final BehaviourFindings found;
  private final BehaviourSweeps sweeps;

  BehaviourSections(Provenance model, BehaviourFindings found) {
    this.model = model;
    this.found = found;
    sweeps = new BehaviourSweeps(model, found.prompts());
  }

  List<Block> all() {
    return Stream.of(
            buildsUp(), written(), attention(), kept(), carried(), byPosition(), without(), paths())
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

  // ---- What writes it

  private List<Block> written() {
    var byHead = attribution(new Result.ByHead(found.heads()));
    var blocks = new ArrayList<Block>();
    blocks.add(new Section("Which heads write it"));
    byHead.heatmap().ifPresent(blocks::add);
    blocks.add(
        new Prose(
            "Direct attribution by head: what each adds to the logit difference itself, through the"
                + " final norm as the run has it. What MLPs make of a head is not in it."));
    blocks.add(toLogits());
    blocks.add(
        new Prose(
            "Path patching of every head into the final residual stream (Wang et al. 2022): the"
                + " share of the gap that is lost where a head's paths to the logits, itself or"
                + " through MLPs but through no other head, carry corrupted values. Blue heads write"
                + " the answer, red ones against it."));
    if (!found.writers().isEmpty()) {
      blocks.add(writers());
      blocks.add(cumulative());
      blocks.add(
          new Prose(
              "The percentage beside a head, and the curve, are what it and those before it have of"
                  + " the losses of all heads that write the answer: a steep beginning means that few"
                  + " heads write most of it."));
    }
    return blocks;
  }

  Heatmap toLogits() {
    return sweeps.chart(
        Kind.PATH_PATCHING, "What heads write into the logits", found.toLogits().heads());
  }

  BarChart writers() {
    return new BarChart(
        "The heads that write most, with their cumulative share",
        "share of the gap that is lost on their paths to the logits; ± 95 %",
        found.writers().stream()
            .limit(BARS)
            .map(writer ->
                new BarChart.Bar(
                    writer.head() + " · " + Numbers.fixed(100 * writer.share(), 0, false) + " %",
                    writer.loss().mean(),
                    Told.error(writer.loss())))
            .toList());
  }

  private LineChart cumulative() {
    var writers = found.writers();
    var shown = writers.subList(0, Math.min(writers.size(), 32));
    return new LineChart(
        "Cumulative share of the heads that write the answer",
        new Axis("head", shown.stream().map(writer -> writer.head().toString()).toList()),
        "share of what all heads that write the answer write",
        List.of(
            new LineChart.Line(
                "cumulative share",
                shown.stream().map(writer -> writer.share()).toList(),
                List.of())));
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

  // ---- Where it is kept

  private List<Block> kept() {
    var blocks = new ArrayList<Block>();
    blocks.add(new Section("Where the answer is kept"));
    found.streams().forEach((site, result) -> blocks.add(stream(site, result)));
    blocks.add(
        new Prose(
            "Activation patching, denoising: in each cell the clean value of one layer and position"
                + " is put into the corrupted run. Blue cells carry the answer; a column of blue that"
                + " ends and another that begins show where it is moved. `resid_pre` is all that has"
                + " accumulated there, `attn_out` and `mlp_out` are what one layer adds."
                + NEED_NOT_ADD_UP));
    return blocks;
  }

  Heatmap stream(PatchSite site, SweepResult result) {
    return sweeps.chart(Kind.PATCHING, name(site) + " by position", result);
  }

  /** Return the field's name for it: {@code resid_pre}. */
  private static String name(PatchSite site) {
    return site.toString().replace('-', '_');
  }

  // ---- Which heads carry it

  private List<Block> carried() {
    var blocks = new ArrayList<Block>();
    blocks.add(new Section("Which heads carry it"));
    blocks.addAll(
        alike(
            found.sites().entrySet().stream()
                .map(entry ->
                    sweeps.chart(
                        Kind.PATCHING,
                        meaning(entry.getKey()) + ", all positions",
                        entry.getValue()))
                .toList()));
    blocks.add(
        new Prose(
            "Each cell puts one part of one head from the clean run into the corrupted one, at all"
                + " positions. A head whose pattern brings the answer back matters for where it"
                + " looks, one whose values do for what it reads there; its output has both."
                + (isGrouped() ? " Heads of k and v are those that several query heads share." : "")
                + NEED_NOT_ADD_UP));
    blocks.addAll(scatters());
    return blocks;
  }

  /** Give charts that are compared the same colours. */
  private static List<Heatmap> alike(List<Heatmap> charts) {
    double reach =
        charts.stream()
            .map(Heatmap::values)
            .mapToDouble(values -> Math.max(Math.abs(values.min()), Math.abs(values.max())))
            .max()
            .orElse(0);
    return charts.stream().map(chart -> chart.reaching(reach)).toList();
  }

  private boolean isGrouped() {
    return found.sites().values().stream()
            .map(result -> result.axes().getLast().size())
            .distinct()
            .count()
        > 1;
  }

  private static String meaning(PatchSite site) {
    return switch (site) {
      case Z -> "Output of each head (z)";
      case Q -> "Queries (q)";
      case K -> "Keys (k)";
      case V -> "Values (v)";
      case PATTERN -> "Attention pattern";
      default -> site.toString();
    };
  }

  private List<Block> scatters() {
    var output = found.sites().get(PatchSite.Z);
    var pattern = found.sites().get(PatchSite.PATTERN);
    var values = found.sites().get(PatchSite.V);
    var blocks = new ArrayList<Block>();
    if (output != null && pattern != null) {
      blocks.add(scatter("Attention against output", pattern, "output (z)", output));
      if (values != null) {
        blocks.add(scatter("Attention against values", pattern, "values (v)", values));
      }
      blocks.add(
          new Prose(
              "Every point is a head. Near the diagonal of the first chart its output matters because"
                  + " of where it looks; high above 0 on the left it matters for what it reads, with"
                  + " its attention the same on both prompts."));
    }
    return blocks;
  }

  private ScatterChart scatter(String title, SweepResult x, String name, SweepResult y) {
    int layers = x.axes().getFirst().size();
    int heads = x.axes().getLast().size();
    var points =
        Head.all(layers, heads).stream()
            .map(head ->
                new ScatterChart.Point(
                    head.toString(),
                    third(head.layer(), layers),
                    BehaviourSweeps.recovery(x, head, heads).mean(),
                    BehaviourSweeps.recovery(y, head, heads).mean()))
            .toList();
    return new ScatterChart(
        title,
        "recovery by the attention pattern",
        "recovery by the " + name,
        points,
        ScatterChart.Guide.IDENTITY);
  }

  private static String third(int layer, int layers) {
    return switch (3 * layer / layers) {
      case 0 -> "first third of the layers";
      case 1 -> "second third";
      default -> "last third";
    };
  }

  private List<Block> byPosition() {
    if (found.sitesByPosition().isEmpty()) {
      return List.of();
    }
    var blocks = new ArrayList<Block>();
    blocks.addAll(
        alike(
            found.sitesByPosition().entrySet().stream()
                .map(entry ->
                    sweeps.headsByPosition(
                        meaning(entry.getKey()) + " by position", entry.getValue()))
                .toList()));
    blocks.add(
        new Prose(
            "The same one position at a time, the heads with the strongest cells: at which token a"
                + " head does its work. Of patterns the positions are those that attend."));
    return blocks;
  }

  // ---- Without the top heads

  private List<Block> without() {
    var out = found.knockOut();
    var backup = new BackupTables(out.backup(), found.prompts().size());
    var ablation = sweeps.findings(Kind.ABLATION, Told.names(out.heads()), out.logitDifference());
    return List.of(
        new Section("Without the top heads"),
        KeyFigures.of(
            Told.figure("before", out.logitDifference().clean(), "logit difference, clean"),
            Told.figure(
                "after", out.logitDifference().value(0), "without " + Told.names(out.heads())),
            new KeyFigures.Figure(
                "top-1 before",
                Told.percent(out.accuracy().clean().mean()),
                "the answer is the likeliest token"),
            new KeyFigures.Figure(
                "top-1 after",
                Told.percent(out.accuracy().value(0).mean()),
                "the same, knocked out")),
        new SweepPage(ablation).top(out.logitDifference().size()),
        new Prose(
            "In the clean run the output of these heads at END (z) is set to 0, all together and each"
                + " alone. What is lost together and not alone is made up for by the others."),
        backup.growing(ROWS),
        backup.losing(ROWS),
        new Prose(BackupTables.MEANING));
  }

  // ---- Along which paths

  private List<Block> paths() {
    if (found.paths().isEmpty()) {
      return List.of();
    }
    var blocks = new ArrayList<Block>();
    blocks.add(new Section("Along which paths"));
    blocks.add(
        new Prose(
            "Path patching, noising: a sender's corrupted output reaches only the named inputs of the"
                + " receivers, through no other head; what is shown is the share of the gap that is"
                + " lost. Blue senders feed the receivers with the answer. A sender in the layer of a"
                + " receiver or above has no path to it, and 0. The receivers of a level are the"
                + " strongest senders of the one before."));
    for (var level : found.paths()) {
      var charts = new ArrayList<Heatmap>();
      for (var input : level.inputs()) {
        charts.add(sweeps.chart(Kind.PATH_PATCHING, pathTitle(level, input), input.senders()));
      }
      blocks.addAll(alike(charts));
      edges(level).ifPresent(blocks::add);
    }
    return blocks;
  }

  private static String pathTitle(PathLevel level, PathLevel.ToInput input) {
    var what =
        switch (input.role()) {
          case QUERY -> "queries";
          case KEY -> "keys";
          case VALUE -> "values";
        };
    return String.format(
        Locale.ROOT,
        "Level %d, into the %s of %s",
        level.number(),
        what,
        Told.names(level.heads()));
  }

  private static Optional<Table> edges(PathLevel level) {
    var edges =
        level
            .edges()
            .sorted((a, b) -> Double.compare(Math.abs(b.loss().mean()), Math.abs(a.loss().mean())))
            .limit(2 * ROWS)
            .toList();
    if (edges.isEmpty()) {
      return Optional.empty();
    }
    var table =
        Table.titled(
            "Level " + level.number() + ", the strongest senders to each receiver by itself",
            Column.label("from"),
            Column.label("to"),
            Column.signed("loss", 3).explained("share of the gap that is lost on this path"),
            Column.error(3, "prompts"));
    for (var edge : edges) {
      table.row(
          Cell.of(edge.sender().toString()),
          Cell.of(edge.receiver().toString()),
          Cell.of(edge.loss().mean()),
          Cell.of(Numbers.finite(edge.loss().standardError())));
    }
    return Optional.of(table.build());
  }

  /** Return the few charts that tell most. */
  List<Block> highlights() {
    var blocks = new ArrayList<Block>();
    var stream =
        sweeps.findings(Kind.PATCHING, "resid_pre by position", found.stream(PatchSite.RESID_PRE));
    new SweepPage(stream).charts().stream().limit(1).forEach(blocks::add);
    blocks.add(toLogits());
    blocks.add(
        new SweepPage(
                sweeps.findings(Kind.ABLATION, "z at END", found.knockOut().logitDifference()))
            .narrowTop(ROWS));
    return blocks;
  }
}
