package dev.loupe.report;

import dev.loupe.study.SweepFindings;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Lay the numbers of a sweep out as charts of two axes: a single one, or small multiples, one for
 * each place on the other axes.
 */
public final class SweepCharts {
  private static final int WIDEST = 128;
  private static final int MOST_BARS = 64;

  private final SweepFindings findings;
  private final SweepEffect effect;
  private final SweepNames names;
  private final List<dev.loupe.lens.sweep.Axis> axes;

  /** The axes that each chart has, at most two, and those that tell charts apart. */
  private final List<Integer> shown;

  private final List<Integer> facets;

  /** Take the findings that are charted. */
  public SweepCharts(SweepFindings findings) {
    this.findings = findings;
    effect = SweepEffect.of(findings);
    names = new SweepNames(findings);
    axes = findings.result().axes();
    var rest = new ArrayList<>(IntStream.range(0, axes.size()).boxed().toList());
    var apart = new ArrayList<Integer>();
    if (rest.size() > 2 && axes.getFirst().name().equals("site")) {
      apart.add(rest.removeFirst());
    }
    // Attention is looked at as destination by source; all else as layer by head or neuron.
    while (rest.size() > 2) {
      int place = isSquare() ? 0 : placeOfPosition(rest);
      apart.add(rest.get(place));
      rest.subList(place, place + 1).clear();
    }
    shown = List.copyOf(rest);
    facets = List.copyOf(apart);
  }

  private boolean isSquare() {
    return axes.getLast().name().equals("src")
        && axes.stream().anyMatch(a -> a.name().equals("dest"));
  }

  private int placeOfPosition(List<Integer> rest) {
    return IntStream.range(0, rest.size())
        .filter(i -> List.of("position", "src").contains(axes.get(rest.get(i)).name()))
        .findFirst()
        .orElse(0);
  }

  /** Tell whether the grid is of a size that a chart can show. */
  boolean fits() {
    return axes.size() == 1
        ? axes.getFirst().size() <= MOST_BARS
        : shown.stream().allMatch(axis -> axes.get(axis).size() <= WIDEST);
  }

  /** Return how many charts there are without the overview. */
  int count() {
    return facets.stream().mapToInt(axis -> axes.get(axis).size()).reduce(1, (a, b) -> a * b);
  }

  /** Return the one chart of a grid of one axis. */
  BarChart bars(String title) {
    var bars = new ArrayList<BarChart.Bar>();
    for (int cell = 0; cell < findings.result().size(); cell++) {
      bar(cell, bars);
    }
    return new BarChart(title, effect.unit(), bars);
  }

  /** Return the strongest cells as bars. */
  BarChart strongest(String title, int n) {
    var bars = new ArrayList<BarChart.Bar>();
    effect.strongest(n).forEach(cell -> bar(cell.index(), bars));
    return new BarChart(title, effect.unit(), bars);
  }

  private void bar(int cell, List<BarChart.Bar> bars) {
    var e = effect.of(cell);
    if (Double.isFinite(e.mean())) {
      double error = Double.isFinite(e.standardError()) ? e.standardError() : 0;
      bars.add(
          new BarChart.Bar(
              names.cell(findings.result().sweep().grid().labels(cell)), e.mean(), error));
    }
  }

  /** Tell whether any cell has a number to show. */
  boolean isEmpty() {
    return IntStream.range(0, findings.result().size())
        .noneMatch(cell -> Double.isFinite(effect.of(cell).mean()));
  }

  /**
   * Return the charts, at most so many, those with the strongest cells.
   *
   * @param title what all of them show; each adds its own place
   */
  public List<Heatmap> charts(String title, int most) {
    var all = new ArrayList<Heatmap>();
    for (var place : places(facets)) {
      var name = names.cell(labels(place), shown);
      all.add(chart(name.isEmpty() ? title : placed(name, title), place));
    }
    double reach = all.stream().mapToDouble(c -> c.values().maxAbs()).max().orElse(0);
    var strongest =
        all.stream()
            .sorted(Comparator.comparingDouble((Heatmap c) -> -c.values().maxAbs()))
            .limit(most)
            .toList();
    return all.stream().filter(strongest::contains).map(c -> c.reaching(reach)).toList();
  }

  /**
   * Return for each site the strongest cell of every layer and head over the other axes; empty
   * where the charts themselves are one a site.
   */
  List<Heatmap> overview(String title) {
    boolean hasSite = !facets.isEmpty() && axes.getFirst().name().equals("site");
    var kept = hasSite ? List.of(0) : List.<Integer>of();
    if (facets.size() == kept.size()) {
      return List.of();
    }
    int first = hasSite ? 1 : 0;
    // The square's own axes are what the overview sums up.
    var sides = isSquare() ? List.of(first, first + 1) : shown;
    var over = IntStream.range(first, axes.size()).boxed().filter(i -> !sides.contains(i)).toList();
    var charts = new ArrayList<Heatmap>();
    for (var place : places(kept)) {
      var site = hasSite ? labels(place).getFirst() + ", " : "";
      var most = String.join(" and ", over.stream().map(i -> axes.get(i).name()).toList());
      charts.add(
          heatmap(
              placed((site.isEmpty() ? "Strongest " : site + "strongest ") + most, title),
              sides,
              place,
              over));
    }
    return charts;
  }

  /** Name the place first: where a title is cut, charts are still told apart. */
  private static String placed(String place, String title) {
    return place + ": " + Character.toLowerCase(title.charAt(0)) + title.substring(1);
  }

  private Heatmap chart(String title, List<Integer> place) {
    return heatmap(title, shown, place, List.of());
  }

  /** Return a chart of two axes; of the places on {@code over}, the strongest cell is shown. */
  private Heatmap heatmap(
      String title, List<Integer> sides, List<Integer> place, List<Integer> over) {
    int rows = sides.get(0);
    int columns = sides.size() > 1 ? sides.get(1) : -1;
    var values = new double[axes.get(rows).size()][columns < 0 ? 1 : axes.get(columns).size()];
    for (int row = 0; row < values.length; row++) {
      for (int column = 0; column < values[row].length; column++) {
        var at = new ArrayList<>(place);
        at.set(rows, row);
        if (columns >= 0) {
          at.set(columns, column);
        }
        values[row][column] = strongest(at, over);
      }
    }
    var across =
        columns < 0 ? new Axis(effect.name(), List.of(effect.name())) : names.axis(columns);
    return Heatmap.of(title, names.axis(rows), across, values, effect.unit(), Scale.DIVERGING);
  }

  private double strongest(List<Integer> at, List<Integer> over) {
    double strongest = Double.NaN;
    for (var place : places(over)) {
      var cell = new ArrayList<>(at);
      over.forEach(axis -> cell.set(axis, place.get(axis)));
      double value = effect.of(findings.result().sweep().grid().index(cell)).mean();
      if (Double.isFinite(value) && !(Math.abs(value) <= Math.abs(strongest))) {
        strongest = value;
      }
    }
    return strongest;
  }

  /** Return every place on some axes, 0 on the others. */
  private List<List<Integer>> places(List<Integer> along) {
    List<List<Integer>> places = List.of(axes.stream().map(axis -> 0).toList());
    for (int axis : along) {
      var longer = new ArrayList<List<Integer>>();
      for (var place : places) {
        for (int i = 0; i < axes.get(axis).size(); i++) {
          var next = new ArrayList<>(place);
          next.set(axis, i);
          longer.add(next);
        }
      }
      places = longer;
    }
    return places;
  }

  private List<String> labels(List<Integer> place) {
    return IntStream.range(0, axes.size())
        .mapToObj(i -> axes.get(i).labels().get(place.get(i)))
        .toList();
  }
}
