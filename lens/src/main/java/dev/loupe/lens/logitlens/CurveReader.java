package dev.loupe.lens.logitlens;

import static java.util.Objects.requireNonNull;

import dev.loupe.lens.At;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Metric;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Readout;
import dev.loupe.lens.SameLength;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.NormScale;
import dev.loupe.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Measures prompts by layer, some prompts at a time. */
final class CurveReader {
  private final HookedTransformer model;
  private final List<Depth> depths;
  private final NormScale scale;
  private final PromptPairs prompts;
  private final List<At> positions;
  private final List<Metric> metrics;
  private final boolean whole;
  // [position][metric][depth][prompt]; NaN and absent where a prompt has not the position
  private final double[][][][] values;
  private final boolean[][] present;

  CurveReader(
      HookedTransformer model,
      List<Depth> depths,
      NormScale scale,
      PromptPairs prompts,
      List<At> positions,
      List<Metric> metrics) {
    this.model = model;
    this.depths = depths;
    this.scale = scale;
    this.prompts = prompts;
    this.positions = positions;
    this.metrics = metrics;
    whole = metrics.stream().anyMatch(metric -> metric.reads() != Metric.Reads.ANSWERS);
    values = new double[positions.size()][metrics.size()][depths.size()][prompts.size()];
    present = new boolean[positions.size()][prompts.size()];
  }

  LensCurves read(Progress progress) {
    for (var at : positions) {
      if (IntStream.range(0, prompts.size()).allMatch(row -> at(at, row).length == 0)) {
        throw new IllegalArgumentException(
            "position " + at + ": the prompts are at most " + prompts.clean().length() + " long");
      }
    }
    int done = 0;
    for (int[] chunk : SameLength.batches(prompts.clean())) {
      Pieces.checkInterruption();
      measure(chunk);
      done += chunk.length;
      progress.at(done, prompts.size());
    }
    return new LensCurves(
        depths.stream().map(Depth::label).toList(), positions, metrics, estimates());
  }

  private int[] at(At at, int prompt) {
    return prompts.positions(at, prompt);
  }

  /** A residual stream that is read: where it is, and which prompt of the data it belongs to. */
  private record Place(int prompt, long row) {}

  private void measure(int... chunk) {
    int length = prompts.clean().row(chunk[0]).length;
    // A place that several positions name is read once.
    var places = new LinkedHashMap<Place, Integer>();
    for (int i = 0; i < chunk.length; i++) {
      for (var at : positions) {
        for (int position : at(at, chunk[i])) {
          places.putIfAbsent(new Place(chunk[i], (long) i * length + position), places.size());
        }
      }
    }
    if (places.isEmpty()) {
      return;
    }
    long[] rows = places.keySet().stream().mapToLong(Place::row).toArray();
    int[] owners = places.keySet().stream().mapToInt(Place::prompt).toArray();
    var tokens = SameLength.unpadded(prompts.clean(), chunk);
    // [metric][depth][place]
    var measured = new double[metrics.size()][depths.size()][rows.length];
    try (var streams = ResidualRows.of(model, tokens, depths, scale, rows)) {
      int most = Pieces.rows(model.config().dVocab());
      for (int from = 0; from < rows.length; from += most) {
        measure(
            streams,
            from,
            Arrays.copyOfRange(owners, from, Math.min(from + most, rows.length)),
            measured);
      }
    }
    for (int i = 0; i < chunk.length; i++) {
      take(chunk[i], (long) i * length, places, measured);
    }
  }

  private void measure(ResidualRows streams, int from, int[] owners, double[][][] into) {
    var answers = prompts.answers().rows(owners);
    long[] columns = whole ? new long[0] : answers.tokens();
    UnaryOperator<Tensor> unembedding =
        whole ? model.math()::logits : input -> model.math().logits(input, columns);
    var names = LongStream.of(columns).boxed().toList();
    streams.logits(
        from,
        owners.length,
        Pieces.rows(model.config().dVocab()),
        unembedding,
        new ResidualRows.Reader() {
          private Optional<Readout.Base> base = Optional.empty();

          @Override
          public void last(Tensor logits) {
            base = whole ? Optional.of(new Readout.Base(logits)) : Optional.empty();
          }

          @Override
          public void read(int depth, Tensor logits) {
            Pieces.checkInterruption();
            var readout = new Readout(logits.unsqueeze(0), names, answers, List.of(), 0, base);
            for (int metric = 0; metric < metrics.size(); metric++) {
              double[] found = metrics.get(metric).of(readout).toDoubles();
              System.arraycopy(found, 0, into[metric][depth], from, found.length);
            }
          }
        });
  }

  /** Averages over the tokens of each position. */
  private void take(int prompt, long start, Map<Place, Integer> places, double[][][] measured) {
    for (int position = 0; position < positions.size(); position++) {
      int[] own =
          IntStream.of(at(positions.get(position), prompt))
              .map(token -> requireNonNull(places.get(new Place(prompt, start + token))))
              .toArray();
      present[position][prompt] = own.length > 0;
      for (int metric = 0; metric < metrics.size(); metric++) {
        for (int depth = 0; depth < depths.size(); depth++) {
          double[] of = measured[metric][depth];
          values[position][metric][depth][prompt] =
              IntStream.of(own).mapToDouble(place -> of[place]).average().orElse(Double.NaN);
        }
      }
    }
  }

  private List<List<List<Estimate>>> estimates() {
    var all = new ArrayList<List<List<Estimate>>>();
    for (int position = 0; position < positions.size(); position++) {
      boolean[] has = present[position];
      var byMetric = new ArrayList<List<Estimate>>();
      for (double[][] byDepth : values[position]) {
        byMetric.add(Arrays.stream(byDepth).map(byPrompt -> estimate(byPrompt, has)).toList());
      }
      all.add(byMetric);
    }
    return all;
  }

  private static Estimate estimate(double[] byPrompt, boolean[] has) {
    return Estimate.of(
        IntStream.range(0, byPrompt.length)
            .filter(prompt -> has[prompt])
            .mapToDouble(prompt -> byPrompt[prompt])
            .toArray());
  }
}
