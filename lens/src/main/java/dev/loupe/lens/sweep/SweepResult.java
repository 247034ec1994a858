package dev.loupe.lens.sweep;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Interval;
import dev.loupe.lens.Metric;
import dev.loupe.lens.PatchDirection;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** What a sweep found. */
public final class SweepResult {
  private final Sweep sweep;
  private final double[] clean;
  private final double[] corrupted;
  private final CellValues values;
  private final Estimate cleanMean;
  private final Estimate corruptedMean;
  private final List<Estimate> estimates;

  SweepResult(Sweep sweep, double[] clean, double[] corrupted, CellValues values) {
    this.sweep = sweep;
    this.clean = clean.clone();
    this.corrupted = corrupted.clone();
    this.values = values;
    // Reports ask for them many times over.
    cleanMean = estimate(clean);
    corruptedMean = estimate(corrupted);
    estimates = IntStream.range(0, values.cells()).mapToObj(values::estimate).toList();
  }

  /**
   * Returns a result of numbers that are there already.
   *
   * @param clean the metric of every clean prompt
   * @param corrupted the metric of every corrupted prompt
   * @param values the metric of every cell and prompt, [cell][prompt]; NaN for those left out
   * @throws IllegalArgumentException if there are not as many as the sweep has cells and prompts
   */
  public static SweepResult of(Sweep sweep, double[] clean, double[] corrupted, double[][] values) {
    int prompts = sweep.prompts().size();
    boolean fits =
        clean.length == prompts
            && corrupted.length == prompts
            && values.length == sweep.grid().size()
            && Arrays.stream(values).allMatch(cell -> cell.length == prompts);
    if (!fits) {
      throw new IllegalArgumentException(
          "values of "
              + values.length
              + " cells: expected "
              + sweep.grid().size()
              + ", each of "
              + prompts
              + " prompts, and as many clean and corrupted ones");
    }
    var cells = new CellValues(values.length, prompts);
    for (int cell = 0; cell < values.length; cell++) {
      for (int prompt = 0; prompt < prompts; prompt++) {
        cells.set(cell, prompt, values[cell][prompt]);
      }
    }
    return new SweepResult(sweep, clean, corrupted, cells);
  }

  /**
   * A cell and its estimates.
   *
   * @param index the number of the cell
   * @param labels its place on every axis
   * @param value the metric, in its own units
   */
  public record Cell(int index, List<String> labels, Estimate value) {}

  /** Returns the sweep that was run. */
  public Sweep sweep() {
    return sweep;
  }

  /** Returns the axes of the values. */
  public List<Axis> axes() {
    return sweep.grid().axes();
  }

  /** Returns the metric. */
  public Metric metric() {
    return sweep.metric();
  }

  /** Returns which run was intervened in. */
  public PatchDirection direction() {
    return sweep.direction();
  }

  /** Returns the metric of the clean prompts. */
  public Estimate clean() {
    return cleanMean;
  }

  /** Returns the metric of the corrupted prompts. */
  public Estimate corrupted() {
    return corruptedMean;
  }

  // An interruption may have left prompts out.
  private static Estimate estimate(double[] values) {
    double[] there = there(values);
    return there.length == 0 ? Estimate.none() : Estimate.of(there);
  }

  private static double[] there(double... values) {
    return Arrays.stream(values).filter(v -> !Double.isNaN(v)).toArray();
  }

  /** Returns the metric of every clean prompt. */
  public double[] cleanByPrompt() {
    return clean.clone();
  }

  /** Returns the metric of every corrupted prompt. */
  public double[] corruptedByPrompt() {
    return corrupted.clone();
  }

  /** Returns the metric of a cell for every prompt; NaN for those an interruption left out. */
  public double[] byPrompt(int cell) {
    return values.of(cell);
  }

  /** Returns how many cells there are. */
  public int size() {
    return values.cells();
  }

  /** Tells whether every prompt of every cell has been computed. */
  public boolean isComplete() {
    return IntStream.range(0, size()).allMatch(values::isDone);
  }

  /** Returns the metric of a cell over the prompts that have been computed. */
  public Estimate value(int cell) {
    return estimates.get(cell);
  }

  /** Returns the metric of a cell by its place on every axis. */
  public Estimate value(List<Integer> coordinates) {
    return value(sweep.grid().index(coordinates));
  }

  /**
   * Returns where the mean of a cell is believed to lie, by {@link Estimate#interval} over the
   * prompts that have been computed.
   */
  public Interval interval(int cell) {
    return Estimate.interval(there(byPrompt(cell)));
  }

  /**
   * Returns the normalised recovery of a cell, (value - corrupted) / (clean - corrupted): 0 as in
   * the corrupted run, 1 as in the clean one. Each prompt's difference is divided by the mean gap,
   * as its own may be near zero.
   *
   * @throws IllegalStateException if clean and corrupted prompts do not differ in the metric
   */
  public Estimate recovery(int cell) {
    return estimate(recoveries(cell));
  }

  /**
   * Returns where the mean recovery of a cell is believed to lie, by {@link Estimate#interval} over
   * the prompts that have been computed; the gap that they are divided by is taken as it is.
   *
   * @throws IllegalStateException if clean and corrupted prompts do not differ in the metric
   */
  public Interval recoveryInterval(int cell) {
    return Estimate.interval(recoveries(cell));
  }

  /**
   * Returns the normalised loss of a cell of a noising sweep, (clean - value) / (clean -
   * corrupted): 0 as in the clean run, 1 as in the corrupted one. Taken prompt by prompt against
   * the clean run, so that a cell that changes nothing has no error; each prompt's difference is
   * divided by the mean gap.
   *
   * @throws IllegalStateException if clean and corrupted prompts do not differ in the metric
   */
  public Estimate loss(int cell) {
    double gap = gap();
    double[] patched = byPrompt(cell);
    return estimate(
        IntStream.range(0, patched.length)
            .mapToDouble(i -> (clean[i] - patched[i]) / gap)
            .toArray());
  }

  /** Returns the recovery of every prompt that is there. */
  private double[] recoveries(int cell) {
    double gap = gap();
    double[] patched = byPrompt(cell);
    return IntStream.range(0, patched.length)
        .filter(i -> !Double.isNaN(patched[i]))
        .mapToDouble(i -> (patched[i] - corrupted[i]) / gap)
        .toArray();
  }

  /**
   * Checks that clean and corrupted prompts differ in the metric.
   *
   * @throws IllegalStateException with both, if they do not
   */
  public SweepResult requireGap() {
    var _ = gap();
    return this;
  }

  /** Returns clean minus corrupted, or throws where there is nothing between them. */
  private double gap() {
    double gap = clean().mean() - corrupted().mean();
    if (!(Math.abs(gap) > 1e-6)) {
      throw new IllegalStateException(
          "the clean "
              + metric().label()
              + " "
              + clean()
              + " equals the corrupted "
              + corrupted()
              + ": there is nothing to recover; this model does not tell the two apart");
    }
    return gap;
  }

  /**
   * Tells whether clean and corrupted prompts differ in the metric, so that recovery has a sense.
   */
  public boolean hasGap() {
    return Math.abs(clean().mean() - corrupted().mean()) > 1e-6;
  }

  /** Returns the cells that differ most from the base run in the mean, the largest first. */
  public List<Cell> top(int n) {
    double base = (direction() == PatchDirection.DENOISING ? corrupted() : clean()).mean();
    return IntStream.range(0, size())
        .mapToObj(i -> new Cell(i, sweep.grid().labels(i), value(i)))
        .filter(cell -> cell.value().n() > 0)
        .sorted(Comparator.comparingDouble(cell -> -Math.abs(cell.value().mean() - base)))
        .limit(n)
        .toList();
  }
}
