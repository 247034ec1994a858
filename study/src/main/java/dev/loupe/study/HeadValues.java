package dev.loupe.study;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.sweep.SweepResult;
import dev.loupe.study.StudyTable.Column;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A mean of every head of a model, such as what its patch does.
 *
 * @param values by layer and head
 */
public record HeadValues(List<List<Estimate>> values) {
  /** Copies the lists; refuses a model without heads. */
  public HeadValues {
    values = values.stream().<List<Estimate>>map(List::copyOf).toList();
    if (values.isEmpty() || values.stream().anyMatch(List::isEmpty)) {
      throw new IllegalArgumentException("values of no heads: expected one a head");
    }
  }

  /**
   * The value of a head.
   *
   * @param head the head
   * @param value of it
   */
  public record OfHead(Head head, Estimate value) {}

  /**
   * Returns what was found of the cells of a sweep over layers and heads.
   *
   * @param cell gives the value of a cell by its number
   * @throws IllegalArgumentException if the sweep has other axes
   */
  public static HeadValues of(SweepResult result, IntFunction<Estimate> cell) {
    var names = result.axes().stream().map(axis -> axis.name()).toList();
    if (!names.equals(List.of("layer", "head"))) {
      throw new IllegalArgumentException("a sweep over " + names + ": expected layer and head");
    }
    int heads = result.axes().getLast().size();
    return new HeadValues(
        IntStream.range(0, result.axes().getFirst().size())
            .mapToObj(layer ->
                IntStream.range(0, heads).mapToObj(h -> cell.apply(layer * heads + h)).toList())
            .toList());
  }

  /** Returns by how much the cells of a sweep differ from its base run, prompt by prompt. */
  public static HeadValues changes(SweepResult result) {
    double[] base =
        switch (result.direction()) {
          case DENOISING -> result.corruptedByPrompt();
          case NOISING -> result.cleanByPrompt();
        };
    return of(
        result,
        cell -> {
          double[] of = result.byPrompt(cell);
          return Estimate.of(
              IntStream.range(0, of.length).mapToDouble(i -> of[i] - base[i]).toArray());
        });
  }

  /** Returns the value of a head. */
  public Estimate of(Head head) {
    return values.get(head.layer()).get(head.index());
  }

  /** Returns every head, by layer and index. */
  public List<OfHead> all() {
    var all = new ArrayList<OfHead>();
    for (int layer = 0; layer < values.size(); layer++) {
      for (int head = 0; head < values.get(layer).size(); head++) {
        all.add(new OfHead(new Head(layer, head), values.get(layer).get(head)));
      }
    }
    return all;
  }

  /** Returns every head, the largest mean first. */
  public List<OfHead> descending() {
    return all().stream().sorted(Comparator.comparingDouble(of -> -of.value().mean())).toList();
  }

  /** Returns every head, the largest mean in magnitude first. */
  public List<OfHead> strongest() {
    return all().stream()
        .sorted(Comparator.comparingDouble(of -> -Math.abs(of.value().mean())))
        .toList();
  }

  /** Returns the means, by layer and head. */
  public double[][] means() {
    return matrix(Estimate::mean);
  }

  private double[][] matrix(ToDoubleFunction<Estimate> of) {
    return values.stream()
        .map(row -> row.stream().mapToDouble(of).toArray())
        .toArray(double[][]::new);
  }

  /** Returns them as JSON: means and standard errors, by layer and head. */
  public Map<String, @Nullable Object> json() {
    return ReadingJson.part()
        .put("axes", List.of("layer", "head"))
        .put("mean", means())
        .put("standard_error", matrix(Estimate::standardError))
        .put("n", (Object) values.getFirst().getFirst().n())
        .map();
  }

  /** Returns them as a table, a row a head. */
  public StudyTable table(String name) {
    var table =
        StudyTable.of(
            name,
            Column.whole("layer"),
            Column.whole("head"),
            Column.number("mean"),
            Column.number("standard_error"),
            Column.whole("n"));
    for (var of : all()) {
      var value = of.value();
      table.row(
          of.head().layer(), of.head().index(), value.mean(), value.standardError(), value.n());
    }
    return table.build();
  }
}
