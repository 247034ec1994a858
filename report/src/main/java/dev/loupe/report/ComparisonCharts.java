package dev.loupe.report;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.graph.Edge;
import dev.loupe.circuit.graph.Roc;
import dev.loupe.study.circuits.ComparisonFindings;
import dev.loupe.study.circuits.ComparisonFindings.Pair;
import dev.loupe.study.circuits.ComparisonFindings.Scores;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Draws the scores of two circuits: how well those of one find the other, and both side by side.
 */
final class ComparisonCharts {
  /** A curve is read off at this many steps of the share of false positives. */
  static final int STEPS = 50;

  static final String BOTH = "in both";
  static final String HERE = "only here";
  static final String THERE = "only there";

  private static final String NEITHER = "in neither";
  private static final List<String> GROUPS = List.of(BOTH, HERE, THERE, NEITHER);
  private static final int POINTS = 1000;

  private final ComparisonFindings findings;
  private final String here;
  private final String there;

  /**
   * Takes what is drawn.
   *
   * @param here what the first is called
   * @param there what the second is called
   */
  ComparisonCharts(ComparisonFindings findings, String here, String there) {
    this.findings = findings;
    this.here = here;
    this.there = there;
  }

  /** Return the ROC curves of the scores; empty where there are none. */
  Optional<LineChart> roc() {
    var lines = new ArrayList<LineChart.Line>();
    curve("edges", findings.edgeScores()).ifPresent(lines::add);
    curve(findings.among(), findings.nodeScores()).ifPresent(lines::add);
    if (lines.isEmpty()) {
      return Optional.empty();
    }
    lines.add(new LineChart.Line("chance", places(Function.identity()), List.of()));
    return Optional.of(
        new LineChart(
            "How well the scores tell the reference from the rest",
            new Axis(
                "false positives, as a share of what is not in the reference",
                places(place -> Numbers.fixed(100 * place, 0, false) + " %")),
            "true positives, as a share of the reference",
            lines));
  }

  private static <T> List<T> places(Function<Double, T> value) {
    return IntStream.rangeClosed(0, STEPS)
        .mapToObj(step -> value.apply((double) step / STEPS))
        .toList();
  }

  private static Optional<LineChart.Line> curve(String name, Optional<Scores> scores) {
    return scores
        .flatMap(Scores::roc)
        .map(roc ->
            new LineChart.Line(
                name + ", AUC " + Numbers.fixed(roc.auc(), 3, false),
                places(place -> at(roc, place)),
                List.of()));
  }

  /** Return the most true positives at a share of false ones, on straight lines between points. */
  static double at(Roc roc, double falsePositives) {
    double best = 0;
    for (int i = 0; i < roc.points().size(); i++) {
      var point = roc.points().get(i);
      double x = roc.falsePositiveRate(point);
      double y = roc.truePositiveRate(point);
      if (x > falsePositives) {
        var before = roc.points().get(i - 1);
        double from = roc.falsePositiveRate(before);
        return best + (y - roc.truePositiveRate(before)) * (falsePositives - from) / (x - from);
      }
      best = y;
    }
    return best;
  }

  /** Return the scores of both side by side, of nodes and of edges, where both have some. */
  List<ScatterChart> scatters() {
    return Stream.of(
            scatter("Scores of nodes", findings.nodeScores(), this::group),
            scatter("Scores of edges", findings.edgeScores(), edgeGroups()))
        .flatMap(Optional::stream)
        .toList();
  }

  private Optional<ScatterChart> scatter(
      String title, Optional<Scores> scores, Function<String, String> group) {
    return scores
        .map(Scores::pairs)
        .filter(pairs -> !pairs.isEmpty())
        .map(pairs -> {
          var points =
              strongest(pairs).stream()
                  .map(pair ->
                      new ScatterChart.Point(
                          pair.name(), group.apply(pair.name()), pair.here(), pair.there()))
                  .sorted(Comparator.comparingInt(point -> GROUPS.indexOf(point.group())))
                  .toList();
          return new ScatterChart(
              pairs.size() > POINTS
                  ? "%s, the strongest of %,d".formatted(title, pairs.size())
                  : title,
              "score in " + here,
              "score in " + there,
              points,
              ScatterChart.Guide.NONE);
        });
  }

  /** Return the pairs whose larger score, as a share of the largest of its file, is greatest. */
  private static List<Pair> strongest(List<Pair> pairs) {
    double mostHere = pairs.stream().mapToDouble(pair -> Math.abs(pair.here())).max().orElse(1);
    double mostThere = pairs.stream().mapToDouble(pair -> Math.abs(pair.there())).max().orElse(1);
    double unitHere = mostHere == 0 ? 1 : mostHere;
    double unitThere = mostThere == 0 ? 1 : mostThere;
    return pairs.stream()
        .sorted(
            Comparator.comparingDouble((Pair pair) ->
                -Math.max(Math.abs(pair.here()) / unitHere, Math.abs(pair.there()) / unitThere)))
        .limit(POINTS)
        .toList();
  }

  private String group(String node) {
    var name = CircuitNode.parse(node);
    return group(findings.here().nodes().has(name), findings.there().nodes().has(name));
  }

  private static String group(boolean isHere, boolean isThere) {
    return isHere ? (isThere ? BOTH : HERE) : isThere ? THERE : NEITHER;
  }

  private Function<String, String> edgeGroups() {
    if (findings.edges().isEmpty()) {
      return _ -> "";
    }
    var edges = findings.edges().orElseThrow();
    var shape = edges.both().shape();
    return name -> {
      int number = shape.number(Edge.parse(name));
      boolean both = edges.both().has(number);
      return group(both || edges.onlyHere().has(number), both || edges.onlyThere().has(number));
    };
  }
}
