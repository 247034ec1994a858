package dev.loupe.explorer;

import dev.loupe.lens.Change;
import dev.loupe.lens.Head;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Site;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.ModelConfig;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;

/** A number for every head, sent layer by layer from the last, on top of what is on already. */
final class HeadGrid {
  private static final long MOMENT_NANOS = 15_000_000;

  private final Views views;
  private final Asked asked;
  private final Lines out;
  private final int layers;
  private final int heads;

  HeadGrid(ModelConfig config, Views views, Asked asked, Lines out) {
    this.views = views;
    this.asked = asked;
    this.out = out;
    layers = config.nLayers();
    heads = config.nHeads();
  }

  /** What the cells will be; {@code diverging} if they have a sign. */
  record Start(
      String type,
      int rows,
      int columns,
      String label,
      String words,
      boolean diverging,
      int total) {}

  /** Some cells, [layer, head, value] each, of attention with the source. */
  record Cells(String type, int done, List<List<Number>> cells) {}

  /** That was all. */
  record End(String type, double seconds) {}

  /**
   * Computes a grid.
   *
   * @param kind patching, ablation, attribution or attention
   * @param change of an ablation: zero or mean
   * @throws BadQuestion if there is no such grid, or the question does not suit it
   */
  void run(String kind, String change) {
    long start = System.nanoTime();
    switch (kind) {
      case "patching" -> patching();
      case "ablation" -> ablation(change);
      case "attribution" -> attribution();
      case "attention" -> attention();
      default ->
          throw new BadQuestion(
              "grid",
              "grid is \"%s\": expected patching, ablation, attribution or attention"
                  .formatted(kind));
    }
    out.write(new End("end", (System.nanoTime() - start) / 1e9));
  }

  private void start(String label, String words, boolean diverging) {
    out.write(new Start("start", layers, heads, label, words, diverging, layers * heads));
  }

  /** Sends the values of heads that follow each other; the layers come from the last down. */
  private void cells(int layer, int first, List<Double> values) {
    out.write(
        new Cells(
            "cells",
            (layers - 1 - layer) * heads + first + values.size(),
            IntStream.range(0, values.size())
                .mapToObj(i -> List.<Number>of(layer, first + i, values.get(i)))
                .toList()));
  }

  // ---- What heads do to the metric

  private void patching() {
    asked.requirePair();
    boolean noising = asked.question().direction() == PatchDirection.NOISING;
    double base = metric(List.of());
    double source = views.sourceMetric(asked);
    if (!Double.isFinite(source - base) || source == base) {
      throw new BadQuestion(
          "corrupted",
          "Both runs have a %s of %s: there is no gap to close.".formatted(label(), base));
    }
    start(
        "share of the gap closed",
        ("Each head's z at all positions, taken from the %s run into the %s one: 1 closes the gap"
                + " in %s between them, below 0 widens it.")
            .formatted(noising ? "corrupted" : "clean", noising ? "clean" : "corrupted", label()),
        true);
    each(new Change.Patch(), value -> (value - base) / (source - base));
  }

  private void ablation(String kind) {
    asked.requireAnswer();
    Change change =
        switch (kind) {
          case "", "zero" -> new Change.Zero();
          case "mean" -> {
            asked.requirePair();
            yield new Change.Mean(Change.Over.EVERYTHING);
          }
          default ->
              throw new BadQuestion(
                  "change", "change is \"%s\": expected zero or mean".formatted(kind));
        };
    double base = metric(List.of());
    start(
        "change of the " + label(),
        "What the %s changes by where a head's z is %s at all positions: %s 0 the head helps."
            .formatted(
                label(),
                change instanceof Change.Zero ? "zero" : "its mean over the other run's positions",
                isBetterLower() ? "above" : "below"),
        true);
    each(change, value -> value - base);
  }

  /** Returns the metric with what is on and more. */
  private double metric(List<Intervention> more) {
    var all = new ArrayList<>(asked.question().interventions());
    all.addAll(more);
    return views.metric(asked, all);
  }

  private String label() {
    return asked.question().metric().label();
  }

  private boolean isBetterLower() {
    return switch (asked.question().metric()) {
      case StandardMetric.KL_DIVERGENCE, StandardMetric.LOSS, StandardMetric.RANK -> true;
      default -> false;
    };
  }

  /** Sends heads of a layer together for as long as a click may wait, and then what is there. */
  private void each(Change change, DoubleUnaryOperator shown) {
    for (int layer = layers - 1; layer >= 0; layer--) {
      int first = 0;
      var values = new ArrayList<Double>();
      long start = System.nanoTime();
      for (int head = 0; head < heads; head++) {
        var one = new Intervention(Site.z(new Head(layer, head)), change);
        values.add(shown.applyAsDouble(metric(List.of(one))));
        if (System.nanoTime() - start > MOMENT_NANOS || head == heads - 1) {
          cells(layer, first, values);
          first = head + 1;
          values.clear();
          start = System.nanoTime();
        }
      }
    }
  }

  // ---- What heads do in one run

  private void attribution() {
    var byHead = views.attributionByHead(asked);
    start(
        "logits added",
        "What each head's z adds directly to the answer%s at the last position."
            .formatted(asked.wrong().isPresent() ? "'s logit above the wrong one's" : "'s logit"),
        true);
    for (int layer = layers - 1; layer >= 0; layer--) {
      int at = layer;
      cells(layer, 0, IntStream.range(0, heads).mapToObj(head -> byHead[at][head]).toList());
    }
  }

  private void attention() {
    start(
        "attention",
        "The largest weight of each head from position %d, and the token that it is on."
            .formatted(asked.at()),
        false);
    var byLayer = views.attentionFrom(asked);
    for (int layer = layers - 1; layer >= 0; layer--) {
      var rows = byLayer.get(layer);
      var cells = new ArrayList<List<Number>>();
      for (int head = 0; head < heads; head++) {
        double[] row = rows.get(head);
        int source =
            IntStream.range(0, row.length)
                .boxed()
                .max(Comparator.comparingDouble(i -> row[i]))
                .orElseThrow();
        cells.add(List.of(layer, head, row[source], source));
      }
      out.write(new Cells("cells", (layers - layer) * heads, cells));
    }
  }
}
