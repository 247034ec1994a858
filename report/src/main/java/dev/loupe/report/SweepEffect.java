package dev.loupe.report;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Interval;
import dev.loupe.lens.Metric;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.sweep.SweepResult;
import dev.loupe.study.SweepFindings;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Say how much a cell does: the number that the charts of a sweep show, 0 for nothing.
 *
 * @param form which number it is
 * @param result where it is taken from
 */
record SweepEffect(Form form, SweepResult result) {
  /** Say what is computed of the metric. */
  enum Form {
    /** The share that comes back of what clean prompts have over corrupted ones. */
    RECOVERY("recovery"),
    /** The share that is lost of it. */
    LOSS("loss"),
    /** The difference from the base run, in the metric's units. */
    CHANGE("change"),
    /** The metric itself. */
    LEFT("left");

    private final String label;

    Form(String label) {
      this.label = label;
    }
  }

  static SweepEffect of(SweepFindings findings) {
    var result = findings.result();
    var form =
        switch (findings.kind()) {
          case ABLATION -> Form.CHANGE;
          case ABLATION_OF_THE_REST -> Form.LEFT;
          case PATCHING, PATH_PATCHING -> {
            if (!result.hasGap()) {
              yield Form.CHANGE;
            }
            yield result.direction() == PatchDirection.DENOISING ? Form.RECOVERY : Form.LOSS;
          }
        };
    return new SweepEffect(form, result);
  }

  /** Return the effect of a cell over the prompts that are there; n is 0 where there are none. */
  Estimate of(int cell) {
    return switch (form) {
      case RECOVERY -> result.recovery(cell);
      case LOSS -> result.loss(cell);
      case CHANGE -> change(cell);
      case LEFT -> result.value(cell);
    };
  }

  /**
   * Return where the effect of a cell is believed to lie; NaN where there is too little to tell.
   */
  Interval interval(int cell) {
    return switch (form) {
      case RECOVERY -> result.recoveryInterval(cell);
      case LOSS ->
          Estimate.interval(changes(cell))
              .scaled(-1 / (result.clean().mean() - result.corrupted().mean()));
      case CHANGE -> Estimate.interval(changes(cell));
      case LEFT -> result.interval(cell);
    };
  }

  /**
   * Return the cells that do most, the strongest first. Each is compared with the base run over its
   * own prompts: an interruption leaves cells with different ones.
   */
  List<SweepResult.Cell> strongest(int n) {
    double[] changes =
        IntStream.range(0, result.size()).mapToDouble(cell -> change(cell).mean()).toArray();
    return IntStream.range(0, result.size())
        .filter(cell -> result.value(cell).n() > 0)
        .boxed()
        .sorted(Comparator.comparingDouble(cell -> -Math.abs(changes[cell])))
        .limit(n)
        .map(cell ->
            new SweepResult.Cell(cell, result.sweep().grid().labels(cell), result.value(cell)))
        .toList();
  }

  private Estimate change(int cell) {
    double[] changes = changes(cell);
    return changes.length == 0 ? Estimate.none() : Estimate.of(changes);
  }

  private double[] changes(int cell) {
    double[] values = result.byPrompt(cell);
    double[] base = baseIsClean() ? result.cleanByPrompt() : result.corruptedByPrompt();
    return IntStream.range(0, values.length)
        .filter(i -> !Double.isNaN(values[i]))
        .mapToDouble(i -> values[i] - base[i])
        .toArray();
  }

  boolean baseIsClean() {
    return result.direction() == PatchDirection.NOISING;
  }

  Estimate base() {
    return baseIsClean() ? result.clean() : result.corrupted();
  }

  /** Return its name in a heading: {@code recovery}. */
  String name() {
    return form.label;
  }

  /** Return what it is in full: {@code recovery of the logit difference}. */
  String title() {
    return switch (form) {
      case RECOVERY, LOSS, CHANGE -> form.label + " of the " + metric();
      case LEFT -> metric() + " that is left";
    };
  }

  /** Return how to read one value. */
  String unit() {
    String run = (baseIsClean() ? "clean" : "corrupted") + " run";
    boolean known = Double.isFinite(base().mean());
    String number = known ? Numbers.fixed(base().mean(), 2, true) + " in " : "";
    return switch (form) {
      case RECOVERY -> "recovery: 0 as in the corrupted run, 1 as in the clean one";
      case LOSS -> "loss: 0 as in the clean run, 1 as in the corrupted one";
      case CHANGE -> "change of the " + metric() + " from " + number + "the " + run;
      case LEFT -> metric() + (known ? "; " + number + "the " + run : "");
    };
  }

  /** Return the name of what is measured, normalised or not. */
  String metric() {
    return label(result.metric());
  }

  private static String label(Metric metric) {
    // A result holds the metric as it is, and normalises it itself.
    return metric instanceof Metric.Recovery recovery ? label(recovery.of()) : metric.label();
  }
}
