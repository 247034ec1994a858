package dev.loupe.study.years;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Interruption;
import dev.loupe.lens.Progress;
import dev.loupe.lens.SameLength;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Run;
import dev.loupe.task.TaskData;
import dev.loupe.task.YearSpans;
import dev.loupe.tensor.DType;
import dev.loupe.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * How likely each two-digit year is to end a span, by the year in which it began.
 *
 * @param starts the years in which spans began, ascending
 * @param counts how many spans began in each
 * @param probabilities [start][year], means over the spans of a start; years from 00 to 99
 * @param mass the probability of all years together
 * @param accuracy the share of prompts whose likeliest year is a later one
 */
public record YearCurves(
    List<Integer> starts,
    List<Integer> counts,
    List<List<Double>> probabilities,
    Estimate mass,
    double accuracy) {
  /** Copies the lists. */
  public YearCurves {
    starts = List.copyOf(starts);
    counts = List.copyOf(counts);
    probabilities = probabilities.stream().<List<Double>>map(List::copyOf).toList();
  }

  static YearCurves of(HookedTransformer model, TaskData data, Progress progress) {
    var pairs = data.pairs();
    var byPrompt = new double[data.size()][];
    int done = 0;
    for (int[] rows : SameLength.batches(pairs.clean())) {
      Interruption.check("years were read");
      try (var _ = TensorScope.open()) {
        var run = Run.of(SameLength.unpadded(pairs.clean(), rows));
        double[] read =
            model
                .run(run.returning(Run.Returns.LAST_LOGITS))
                .output()
                .to(DType.F64)
                .softmax(-1)
                .indexSelect(1, years(data))
                .toDoubles();
        for (int i = 0; i < rows.length; i++) {
          int from = i * YearSpans.YEARS;
          byPrompt[rows[i]] = Arrays.copyOfRange(read, from, from + YearSpans.YEARS);
        }
      }
      done += rows.length;
      progress.at(done, data.size());
    }
    return of(data, byPrompt);
  }

  /** Returns the tokens of all years: those that are not later, then those that are. */
  private static long[] years(TaskData data) {
    var first = data.examples().getFirst();
    return Stream.concat(first.wrong().stream(), first.answers().stream())
        .mapToLong(token -> token.id())
        .toArray();
  }

  private static YearCurves of(TaskData data, double[]... byPrompt) {
    var rows = new TreeMap<Integer, List<double[]>>();
    double right = 0;
    for (int i = 0; i < byPrompt.length; i++) {
      // As many years are not later as come up to it, 00 included.
      int start = data.examples().get(i).wrong().size() - 1;
      rows.computeIfAbsent(start, _ -> new ArrayList<>()).add(byPrompt[i]);
      right += likeliest(byPrompt[i]) > start ? 1 : 0;
    }
    return new YearCurves(
        List.copyOf(rows.keySet()),
        rows.values().stream().map(List::size).toList(),
        rows.values().stream().map(YearCurves::mean).toList(),
        Estimate.of(Arrays.stream(byPrompt).mapToDouble(p -> Arrays.stream(p).sum()).toArray()),
        right / byPrompt.length);
  }

  private static int likeliest(double... probabilities) {
    int best = 0;
    for (int year = 1; year < probabilities.length; year++) {
      best = probabilities[year] > probabilities[best] ? year : best;
    }
    return best;
  }

  private static List<Double> mean(List<double[]> rows) {
    return IntStream.range(0, YearSpans.YEARS)
        .mapToObj(year -> rows.stream().mapToDouble(row -> row[year]).average().orElseThrow())
        .toList();
  }

  /**
   * Returns the probability of several years together, a mean over the spans of several starts.
   *
   * @param rows how many starts a row has
   * @param columns how many years a column has
   * @return [starts / rows][years / columns]; NaN where no span began in the years of a row
   */
  public double[][] grouped(int rows, int columns) {
    var sums =
        new double[Math.ceilDiv(YearSpans.YEARS, rows)][Math.ceilDiv(YearSpans.YEARS, columns)];
    var spans = new int[sums.length];
    for (int i = 0; i < starts.size(); i++) {
      int row = starts.get(i) / rows;
      spans[row] += counts.get(i);
      for (int year = 0; year < YearSpans.YEARS; year++) {
        sums[row][year / columns] += counts.get(i) * probabilities.get(i).get(year);
      }
    }
    for (int row = 0; row < sums.length; row++) {
      for (int column = 0; column < sums[row].length; column++) {
        sums[row][column] = spans[row] == 0 ? Double.NaN : sums[row][column] / spans[row];
      }
    }
    return sums;
  }

  /**
   * Returns the mean probability of years by how far they are from the start, over all spans that
   * have such a year.
   *
   * @param distance from the start, negative before it
   */
  public double atDistance(int distance) {
    double sum = 0;
    int spans = 0;
    for (int i = 0; i < starts.size(); i++) {
      int year = starts.get(i) + distance;
      if (year >= 0 && year < YearSpans.YEARS) {
        sum += counts.get(i) * probabilities.get(i).get(year);
        spans += counts.get(i);
      }
    }
    return spans == 0 ? Double.NaN : sum / spans;
  }
}
