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
import java.util.stream.IntStream;

/** Draw the sweeps of a study with the charts that sweeps have. */
final class BehaviourSweeps {
  static final String RECOVERY = "recovery: 0 as in the corrupted run, 1 as in the clean one";
  private static final int MOST_ROWS = 24;

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

  /** Return a chart of heads down and positions across, of the heads with the strongest cells. */
  Heatmap headsByPosition(String title, SweepResult result) {
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
            .sorted(Comparator.comparingDouble(row -> -row.strongest()))
            .limit(MOST_ROWS)
            .sorted(
                Comparator.comparingInt((Row row) -> row.head().layer())
                    .thenComparingInt(row -> row.head().index()))
            .toList();
    var names = new SweepNames(findings(Kind.PATCHING, title, result));
    return Heatmap.of(
        title,
        new Axis("head", shown.stream().map(row -> row.head().toString()).toList()),
        names.axis(position),
        shown.stream().map(Row::values).toArray(double[][]::new),
        RECOVERY,
        Scale.DIVERGING);
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
