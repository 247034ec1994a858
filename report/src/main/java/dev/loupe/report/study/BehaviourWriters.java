package dev.loupe.report.study;

import dev.loupe.lens.Estimate;
import dev.loupe.report.Axis;
import dev.loupe.report.BackupTables;
import dev.loupe.report.BarChart;
import dev.loupe.report.Block;
import dev.loupe.report.Cell;
import dev.loupe.report.Column;
import dev.loupe.report.Heatmap;
import dev.loupe.report.LineChart;
import dev.loupe.report.Numbers;
import dev.loupe.report.Prose;
import dev.loupe.report.Section;
import dev.loupe.report.Table;
import dev.loupe.study.SweepFindings.Kind;
import dev.loupe.study.behaviour.BehaviourFindings;
import java.util.ArrayList;
import java.util.List;

/** Tell which heads write the answer, and what is left without them. */
final class BehaviourWriters {
  private static final int BARS = 12;
  private static final int MOST_ON_A_CURVE = 32;
  private static final int ROWS = 8;

  private final BehaviourFindings found;
  private final BehaviourSweeps sweeps;

  BehaviourWriters(BehaviourFindings found, BehaviourSweeps sweeps) {
    this.found = found;
    this.sweeps = sweeps;
  }

  List<Block> toLogits() {
    var blocks = new ArrayList<Block>();
    blocks.add(heatmap());
    blocks.add(
        new Prose(
            "Path patching of every head into the final residual stream (Wang et al. 2022): the"
                + " share of the gap that is lost where a head's paths to the logits, itself or"
                + " through MLPs but through no other head, carry corrupted values. Blue heads write"
                + " the answer, red ones against it."));
    if (!found.writers().isEmpty()) {
      blocks.add(bars());
      blocks.add(cumulative());
      blocks.add(
          new Prose(
              "The percentage beside a head, and the curve, are what it and those before it have of"
                  + " the losses of all heads that write the answer: a steep beginning means that few"
                  + " heads write most of it."));
    }
    return blocks;
  }

  Heatmap heatmap() {
    return sweeps.chart(
        Kind.PATH_PATCHING, "What heads write into the logits", found.toLogits().heads());
  }

  private BarChart bars() {
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
    var shown = found.writers().stream().limit(MOST_ON_A_CURVE).toList();
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

  List<Block> without() {
    var backup = new BackupTables(found.knockOut().backup(), found.prompts().size());
    return List.of(
        new Section("Without the top heads"),
        knockOut(),
        new Prose(
            "In the clean run the output of these heads at END (z) is set to 0, all together and each"
                + " alone. "
                + together()
                + " More lost together than in that sum means that heads make up for one another,"
                + " less that they are in series. Top-1 is the share of prompts whose likeliest"
                + " token is still the answer."),
        backup.growing(ROWS),
        backup.losing(ROWS),
        new Prose(BackupTables.MEANING));
  }

  /** Say what is lost together, and what the heads lose alone. */
  private String together() {
    var metric = found.knockOut().logitDifference();
    double clean = metric.clean().mean();
    double alone = 0;
    for (int cell = 1; cell < metric.size(); cell++) {
      alone += clean - metric.value(cell).mean();
    }
    var all = "Together they take " + Told.signed(clean - metric.value(0).mean()) + " logits";
    return metric.size() == 1
        ? all + "."
        : all + "; what each takes alone sums to " + Told.signed(alone) + ".";
  }

  /** Return the metrics before and after: all heads together, then each alone. */
  Table knockOut() {
    var out = found.knockOut();
    var difference = out.logitDifference();
    var table =
        Table.titled(
            "Before and after the knock-out of the heads that write most (z at END set to 0)",
            Column.label("without"),
            Column.signed("logit difference", 2),
            Column.error(2, "prompts"),
            Column.number("% of clean", 1)
                .explained("the logit difference as a share of that without a knock-out"),
            Column.number("top-1 %", 1).explained("prompts whose likeliest token is the answer"));
    double clean = difference.clean().mean();
    row(table, "nothing", difference.clean(), clean, out.accuracy().clean());
    for (int cell = 0; cell < difference.size(); cell++) {
      row(table, name(cell), difference.value(cell), clean, out.accuracy().value(cell));
    }
    return table.build();
  }

  private String name(int cell) {
    var difference = found.knockOut().logitDifference();
    return difference.axes().getFirst().labels().get(cell);
  }

  private static void row(
      Table.Builder table, String without, Estimate difference, double clean, Estimate accuracy) {
    table.row(
        Cell.of(without),
        Cell.of(difference.mean()),
        Cell.of(Numbers.finite(difference.standardError())),
        Cell.of(Numbers.finite(100 * difference.mean() / clean)),
        Cell.of(100 * accuracy.mean()));
  }
}
