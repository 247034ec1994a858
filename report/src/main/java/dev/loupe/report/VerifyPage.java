package dev.loupe.report;

import dev.loupe.study.verify.Comparison;
import dev.loupe.study.verify.Figure;
import dev.loupe.study.verify.FigureResult;
import dev.loupe.study.verify.Published;
import dev.loupe.study.verify.PublishedFigures.Source;
import dev.loupe.study.verify.Verdict;
import dev.loupe.study.verify.Verdict.Compared;
import dev.loupe.study.verify.VerificationFindings;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Tell which published figures a model reproduces, as tables, charts and a page.
 *
 * @param findings what is told
 */
public record VerifyPage(VerificationFindings findings) {
  private static final int ENOUGH_FOR_A_CHART = 7;
  private static final int MOST_OFF = 6;
  private static final int FEW_OFF = 3;

  /** Return the counts in a line: {@code 20 reproduced, 1 off, 2 not run}. */
  public String counts() {
    return findings.reproduced()
        + " reproduced, "
        + findings.off()
        + " off, "
        + findings.notRun()
        + " not run";
  }

  /** Return the sources of which there are figures. */
  public List<Source> sources() {
    return findings.published().sources().stream()
        .filter(source -> !findings.of(source).isEmpty())
        .toList();
  }

  /** Return the figures of a source by their ids, a row each. */
  public Table table(Source source) {
    var table =
        Table.titled(
            source.title(),
            Column.text("figure"),
            Column.text("published"),
            Column.text("recomputed"),
            Column.text("off by"),
            Column.label("verdict"));
    for (var result : findings.of(source)) {
      table.row(
          Cell.of(result.figure().id()),
          Cell.of(published(result)),
          Cell.of(computed(result)),
          Cell.of(difference(result)),
          Cell.of(result.verdict().word()));
    }
    return table.build();
  }

  private Table wide(Source source) {
    var table =
        Table.titled(
            "Figures",
            Column.label("figure"),
            Column.text("what it is, and where"),
            Column.text("published"),
            Column.text("recomputed"),
            Column.text("off by")
                .explained(
                    "the largest difference; of heads that are named, ranks; of several exact"
                        + " values, none"),
            Column.text("tolerance"),
            Column.label("verdict"));
    for (var result : findings.of(source)) {
      table.row(
          Cell.of(result.figure().id()),
          Cell.of(result.figure().what() + " (" + result.figure().where() + ")"),
          Cell.of(published(result)),
          Cell.of(computed(result)),
          Cell.of(difference(result)),
          Cell.of(tolerance(result)),
          Cell.of(result.verdict().word()));
    }
    return table.build();
  }

  /** Return the few values of each figure that are farthest off; empty where none is. */
  public Optional<Table> off() {
    return off(FEW_OFF);
  }

  private Optional<Table> off(int most) {
    var table =
        Table.titled(
            "The values that are farthest off",
            Column.text("figure"),
            Column.text("value"),
            Column.text("published"),
            Column.text("recomputed"),
            Column.text("off by"));
    int rows = 0;
    for (var result : findings.results()) {
      if (result.verdict() instanceof Verdict.OffBy off) {
        for (var value : off.off().stream().limit(most).toList()) {
          boolean ranks = result.figure().published() instanceof Published.Heads;
          int decimals = decimals(result.figure());
          table.row(
              Cell.of(result.figure().id()),
              Cell.of(value.label()),
              Cell.of((ranks ? "rank up to " : "") + number(value.published(), decimals)),
              Cell.of((ranks ? "rank " : "") + number(value.computed(), decimals)),
              Cell.of(number(value.difference(), decimals)));
          rows++;
        }
      }
    }
    return rows == 0 ? Optional.empty() : Optional.of(table.build());
  }

  /** Return why figures were not run: each reason once, with the ids of the figures. */
  public List<String> notRun() {
    var ids = new LinkedHashMap<String, List<String>>();
    for (var result : findings.results()) {
      if (result.verdict() instanceof Verdict.NotRun notRun) {
        ids.computeIfAbsent(notRun.reason(), _ -> new ArrayList<>()).add(result.figure().id());
      }
    }
    return ids.entrySet().stream()
        .map(entry -> String.join(", ", entry.getValue()) + ": " + entry.getKey())
        .toList();
  }

  // ---- Words for a figure

  private static String published(FigureResult result) {
    return switch (result.figure().published()) {
      case Published.Heads heads ->
          heads.heads().stream().map(Object::toString).collect(Collectors.joining(", "));
      case Published.Numbers numbers when numbers.values().size() <= 2 ->
          numbers.values().values().stream()
              .map(value -> number(value, numbers.decimals()))
              .collect(Collectors.joining(", "));
      case Published.Numbers numbers -> numbers.values().size() + " values";
    };
  }

  private static String computed(FigureResult result) {
    var values = result.verdict().values();
    if (result.figure().published() instanceof Published.Heads && !values.isEmpty()) {
      return (values.size() == 1 ? "rank " : "ranks ")
          + values.stream()
              .map(value -> number(value.computed(), 0))
              .collect(Collectors.joining(", "));
    }
    if (values.size() > 2) {
      long holding = values.stream().filter(Compared::holds).count();
      return holding == values.size() ? "all" : holding + " of " + values.size();
    }
    return values.stream()
        .map(value -> number(value.computed(), decimals(result.figure())))
        .collect(Collectors.joining(", "));
  }

  private static String difference(FigureResult result) {
    var values = result.verdict().values();
    if (values.isEmpty() || (values.size() > 2 && isExact(result))) {
      return "";
    }
    var worst =
        values.stream()
            .filter(value -> !value.holds() || isReproduced(result))
            .mapToDouble(value -> Math.abs(value.difference()))
            .max()
            .orElse(0);
    return switch (result.figure().published()) {
      case Published.Heads _ -> worst == 0 ? "" : number(worst, 0) + " ranks";
      case Published.Numbers _ -> number(worst, decimals(result.figure()));
    };
  }

  /** Token ids are the same or not: how far apart they are says nothing. */
  private static boolean isExact(FigureResult result) {
    return result.figure().work().stream()
        .anyMatch(work ->
            work.comparison() instanceof Comparison.Within within && within.difference() == 0);
  }

  private static boolean isReproduced(FigureResult result) {
    return result.verdict() instanceof Verdict.Reproduced;
  }

  private static String tolerance(FigureResult result) {
    var words = result.figure().work().map(work -> work.comparison().words()).orElse("");
    boolean sampled =
        result.figure().work().stream()
            .anyMatch(w -> w.comparison() instanceof Comparison.Sampling);
    var values = result.verdict().values();
    return sampled && !values.isEmpty()
        ? words
            + ": ± "
            + number(values.stream().mapToDouble(Compared::tolerance).max().orElse(0), 2)
        : words;
  }

  /** Return one decimal more than was printed: less would hide the difference. */
  private static int decimals(Figure figure) {
    return switch (figure.published()) {
      case Published.Numbers numbers -> numbers.decimals() == 0 ? 0 : numbers.decimals() + 1;
      case Published.Heads _ -> 0;
    };
  }

  private static String number(double value, int decimals) {
    return Double.isFinite(value) ? Numbers.fixed(value, decimals, false) : "no number";
  }

  // ---- The page

  /**
   * Return the whole page.
   *
   * @param command what to type to get it again
   * @param facts what else belongs to the provenance, in reading order
   */
  public HtmlReport page(String command, Map<String, String> facts) {
    var blocks = new ArrayList<Block>();
    blocks.add(
        KeyFigures.of(
            figure("reproduced", findings.reproduced(), "every value within its tolerance"),
            figure("off", findings.off(), "some value is not"),
            figure("not run", findings.notRun(), "each with its reason")));
    for (var source : sources()) {
      blocks.add(new Section(source.title()));
      if (!source.about().isBlank()) {
        blocks.add(new Prose(source.about()));
      }
      blocks.add(wide(source));
      blocks.addAll(reasons(source));
      findings
          .of(source)
          .forEach(result ->
              chart(result)
                  .ifPresent(chart -> {
                    blocks.add(chart);
                    blocks.add(reading(result));
                  }));
    }
    off(MOST_OFF)
        .ifPresent(table -> {
          blocks.add(new Section("What is off"));
          blocks.add(table);
        });
    if (!notRun().isEmpty()) {
      blocks.add(new Section("Not run"));
      blocks.add(new Bullets(notRun()));
    }
    var notes =
        findings.complete()
            ? List.<String>of()
            : List.of("This run was interrupted: what was left is listed as not run.");
    return HtmlReport.titled("Published figures of " + findings.published().model())
        .withSummary(
            "What others have printed of this model, computed again by Loupe. A figure is"
                + " reproduced where every value of it comes as near as its tolerance says, and off"
                + " where one does not.")
        .add(blocks.toArray(Block[]::new))
        .ending(notes, command, Provenance.of(findings.model(), Map.of(), facts));
  }

  private static KeyFigures.Figure figure(String name, long count, String explanation) {
    return new KeyFigures.Figure(name, String.format(Locale.ROOT, "%d", count), explanation);
  }

  /** Return why the tolerances of a source are as they are, each once. */
  private List<Block> reasons(Source source) {
    var reasons = new LinkedHashSet<String>();
    for (var result : findings.of(source)) {
      result
          .figure()
          .work()
          .ifPresent(work ->
              reasons.add(work.comparison().words() + ": " + work.comparison().why() + "."));
    }
    return reasons.isEmpty()
        ? List.of()
        : List.of(new Prose("Tolerances. " + String.join(" ", reasons)));
  }

  private static Optional<ScatterChart> chart(FigureResult result) {
    var values =
        result.verdict().values().stream()
            .filter(value -> Double.isFinite(value.computed()))
            .toList();
    boolean measured =
        result.figure().published() instanceof Published.Numbers numbers && numbers.decimals() > 0;
    if (!measured || values.size() < ENOUGH_FOR_A_CHART) {
      return Optional.empty();
    }
    return Optional.of(
        new ScatterChart(
            capitalised(result.figure().what()),
            "published",
            "recomputed",
            values.stream()
                .sorted(Comparator.comparing(value -> !value.holds()))
                .map(value ->
                    new ScatterChart.Point(
                        value.label(),
                        value.holds() ? "within tolerance" : "off",
                        value.published(),
                        value.computed()))
                .toList(),
            ScatterChart.Guide.IDENTITY));
  }

  private static Prose reading(FigureResult result) {
    var values = result.verdict().values();
    return new Prose(
        "Each point is a value, on the dashed line where it is as published. Within the tolerance are "
            + values.stream().filter(Compared::holds).count()
            + " of "
            + values.size()
            + ".");
  }

  private static String capitalised(String text) {
    return Character.toUpperCase(text.charAt(0)) + text.substring(1);
  }
}
