package dev.loupe.report.study;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.sweep.SweepResult;
import dev.loupe.model.Provenance;
import dev.loupe.report.Axis;
import dev.loupe.report.Heatmap;
import dev.loupe.report.Scale;
import dev.loupe.report.SweepCharts;
import dev.loupe.report.SweepNames;
import dev.loupe.study.PromptRow;
import dev.loupe.study.SweepFindings;
import dev.loupe.study.SweepFindings.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Draw the sweeps of a study with the charts that sweeps have. */
final class BehaviourSweeps {
  static final String RECOVERY = "recovery: 0 as in the corrupted run, 1 as in the clean one";
  static final int MOST_ROWS = 16;
  private static final int NAMED = 3;

  private final Provenance model;
  private final List<PromptRow> prompts;

  BehaviourSweeps(Provenance model, List<PromptRow> prompts) {
    this.model = model;
    this.prompts = prompts;
  }

  SweepFindings findings(Kind kind, String what, SweepResult result) {
    return new SweepFindings(kind, model, what, Map.of(), result, prompts, List.of(), 0);
  }

  /** Return the one chart of a sweep of two axes. */
  Heatmap chart(Kind kind, String title, SweepResult result) {
    return new SweepCharts(findings(kind, title, result)).charts(title, 1).getFirst();
  }

  /** Give charts that are compared the same colours. */
  static List<Heatmap> alike(List<Heatmap> charts) {
    double reach =
        charts.stream()
            .map(Heatmap::values)
            .mapToDouble(values -> Math.max(Math.abs(values.min()), Math.abs(values.max())))
            .max()
            .orElse(0);
    return charts.stream().map(chart -> chart.reaching(reach)).toList();
  }

  /** Return the largest magnitude of the recoveries of a sweep. */
  static double reach(SweepResult result) {
    return IntStream.range(0, result.size())
        .mapToDouble(cell -> Math.abs(result.recovery(cell).mean()))
        .max()
        .orElse(0);
  }

  /**
   * Name the cells that bring back, or take, most of the gap, and count those that reach a share.
   */
  String strongest(SweepResult result, double least) {
    record Found(int cell, double recovery) {}
    var names = new SweepNames(findings(Kind.PATCHING, "", result));
    var counting =
        IntStream.range(0, result.size())
            .mapToObj(cell -> new Found(cell, result.recovery(cell).mean()))
            .filter(of -> Math.abs(of.recovery()) >= least)
            .sorted(Comparator.comparingDouble(of -> -Math.abs(of.recovery())))
            .toList();
    if (counting.isEmpty()) {
      return "No cell's recovery is as much as " + Told.percent(least) + ", either way.";
    }
    return "Strongest: "
        + counting.stream()
            .limit(NAMED)
            .map(of ->
                "`"
                    + names.cell(result.sweep().grid().labels(of.cell()))
                    + "` "
                    + Told.signed(of.recovery()))
            .collect(Collectors.joining(", "))
        + ". "
        + counting.size()
        + " of "
        + result.size()
        + (counting.size() == 1 ? " cells has a recovery of " : " cells have a recovery of ")
        + Told.percent(least)
        + " or more, either way.";
  }

  /**
   * Return a chart of heads down and positions across, of the heads with the strongest cells; empty
   * where no cell reaches a share of the gap.
   */
  Optional<Heatmap> headsByPosition(String title, SweepResult result, double least) {
    int layer = axis(result, "layer");
    int head = axis(result, "head");
    int position = axis(result, "position");
    int columns = result.axes().get(position).size();
    var rows = new ArrayList<Row>();
    for (int l = 0; l < result.axes().get(layer).size(); l++) {
      for (int h = 0; h < result.axes().get(head).size(); h++) {
        var values = new double[columns];
        for (int p = 0; p < columns; p++) {
          int[] at = new int[3];
          at[layer] = l;
          at[head] = h;
          at[position] = p;
          int cell = result.sweep().grid().index(IntStream.of(at).boxed().toList());
          values[p] = result.recovery(cell).mean();
        }
        rows.add(new Row(new Head(l, h), values));
      }
    }
    var shown =
        rows.stream()
            .filter(row -> row.strongest() >= least)
            .sorted(Comparator.comparingDouble(row -> -row.strongest()))
            .limit(MOST_ROWS)
            .sorted(
                Comparator.comparingInt((Row row) -> row.head().layer())
                    .thenComparingInt(row -> row.head().index()))
            .toList();
    if (shown.isEmpty()) {
      return Optional.empty();
    }
    var names = new SweepNames(findings(Kind.PATCHING, title, result));
    return Optional.of(
        Heatmap.of(
            title,
            new Axis("head", shown.stream().map(row -> row.head().toString()).toList()),
            names.axis(position),
            shown.stream().map(Row::values).toArray(double[][]::new),
            RECOVERY,
            Scale.DIVERGING));
  }

  /** A head and the mean recovery at every position. */
  private record Row(Head head, List<Double> recoveries) {
    Row(Head head, double... values) {
      this(head, IntStream.range(0, values.length).mapToObj(i -> values[i]).toList());
    }

    double[] values() {
      return recoveries.stream().mapToDouble(Double::doubleValue).toArray();
    }

    double strongest() {
      return recoveries.stream().mapToDouble(Math::abs).max().orElse(0);
    }
  }

  /** Return the name of a position: {@code 4 DESCRIPTOR}. */
  String position(SweepResult result, int at) {
    var axis = result.axes().get(axis(result, "position"));
    return new SweepNames(findings(Kind.PATCHING, "", result))
        .label("position", axis.labels().get(at));
  }

  /** Return the value of a cell of a sweep of heads by layer and head; of groups that of theirs. */
  static Estimate recovery(SweepResult result, Head head, int headsOfModel) {
    int heads = result.axes().getLast().size();
    int index = head.index() / (headsOfModel / heads);
    return result.recovery(head.layer() * heads + index);
  }

  private static int axis(SweepResult result, String name) {
    return IntStream.range(0, result.axes().size())
        .filter(i -> result.axes().get(i).name().equals(name))
        .findFirst()
        .orElseThrow();
  }
}
