package dev.loupe.lens.logitlens;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.lens.Answers;
import dev.loupe.lens.At;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Metric;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.SlowMetric;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.ModelConfig;
import dev.loupe.model.NormScale;
import dev.loupe.model.PaddingSide;
import dev.loupe.model.RandomModels;
import dev.loupe.model.Tokens;
import dev.loupe.model.WeightProcessing;
import dev.loupe.tensor.PeakResident;
import dev.loupe.tensor.TensorScope;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class LogitLensTest {
  private static final List<Metric> METRICS =
      List.of(
          StandardMetric.LOGIT_DIFFERENCE,
          StandardMetric.PROBABILITY,
          StandardMetric.PROBABILITY_DIFFERENCE,
          StandardMetric.LOG_PROBABILITY,
          StandardMetric.RANK,
          StandardMetric.ACCURACY,
          StandardMetric.KL_DIVERGENCE);
  private static final long[] ALL = LongStream.range(0, 19).toArray();

  @Test
  void manyTokensTakeNoMoreMemory() throws IOException {
    var config =
        RandomModels.withVocabulary(
            RandomModels.withLayers(RandomModels.family("gpt2"), 1), 200_000, RandomModels.CONTEXT);
    try (var model = RandomModels.model(config, 1, WeightProcessing.none())) {
      var lens = new LogitLens(model, LogitLensOptions.standard());
      var prompt = LongStream.range(0, 10).toArray();
      // The allocator keeps what logits take.
      assertThat(lens.grid(prompt, List.of(At.all()), 1).cells()).hasSize(2);
      try (var memory = new PeakResident()) {
        assertThat(lens.grid(prompt, List.of(At.all()), 100).cells()).hasSize(2);
        // A mask and its numbers take 17 MiB a token.
        assertThat(memory.growth()).isLessThan(400L << 20);
      }
    }
  }

  static Stream<Arguments> models() {
    return RandomModels.families().stream()
        .flatMap(config ->
            Stream.of(WeightProcessing.none(), WeightProcessing.standard())
                .flatMap(steps ->
                    Arrays.stream(NormScale.values())
                        .map(scale -> Arguments.of(config, steps, scale))));
  }

  private static LogitLens lens(HookedTransformer model, NormScale scale) {
    return new LogitLens(model, LogitLensOptions.standard().withScale(scale).withMid());
  }

  private static long[] prompt(ModelConfig config) {
    return RandomModels.tokens(config, 5, PaddingSide.LEFT, 9).row(0);
  }

  /** Prompts of several lengths, each with two right tokens and one or two wrong ones. */
  private static PromptPairs pairs(ModelConfig config, PaddingSide side) {
    var tokens = RandomModels.tokens(config, 2, side, 6, 9, 6, 7);
    var answers =
        new Answers(
            List.of(List.of(1L, 8L), List.of(4L), List.of(7L, 2L), List.of(9L)),
            List.of(List.of(2L), List.of(5L, 6L), List.of(3L), List.of(11L, 1L)));
    return new PromptPairs(
        tokens, tokens, answers, Map.of("S", List.of(0, 4, 2, 3)), List.of("", "", "", ""));
  }

  @ParameterizedTest
  @MethodSource("models")
  void everyCellIsWhatTheCacheSays(ModelConfig config, WeightProcessing steps, NormScale scale) {
    try (var model = RandomModels.model(config, 1, steps)) {
      long[] prompt = prompt(config);
      var slow = new SlowLens(model, scale).logits(prompt);
      var grid = lens(model, scale).grid(prompt, List.of(At.all()), 4, ALL);
      assertThat(grid.layers()).containsExactlyElementsOf(slow.keySet());
      slow.forEach((layer, positions) -> {
        for (int position = 0; position < prompt.length; position++) {
          var cell = grid.at(layer, position);
          check(cell, positions[position], requireNonNull(slow.get("final_post"))[position]);
        }
      });
    }
  }

  private static void check(LensCell cell, double[] logits, double[] last) {
    var one = new HashSet<Long>();
    for (int token = 0; token < logits.length; token++) {
      one.clear();
      one.add((long) token);
      var found = cell.token(token);
      assertThat(found.logit()).isCloseTo(logits[token], within(1e-9));
      assertThat(found.probability())
          .isCloseTo(
              SlowMetric.last(StandardMetric.PROBABILITY, logits, last, one, one), within(1e-9));
      assertThat((double) found.rank())
          .isEqualTo(SlowMetric.last(StandardMetric.RANK, logits, last, one, one));
    }
    assertThat(cell.logitDifference(3, 5)).isCloseTo(logits[3] - logits[5], within(1e-9));
    assertThat(cell.kl())
        .isCloseTo(
            SlowMetric.last(StandardMetric.KL_DIVERGENCE, logits, last, one, one), within(1e-9));
    double entropy =
        IntStream.range(0, logits.length)
            .mapToDouble(token -> cell.token(token).probability())
            .map(p -> -p * Math.log(p))
            .sum();
    assertThat(cell.entropy()).isCloseTo(entropy, within(1e-9));
    var order =
        LongStream.of(ALL)
            .boxed()
            .sorted((a, b) -> Double.compare(logits[b.intValue()], logits[a.intValue()]))
            .limit(4)
            .toList();
    assertThat(cell.top()).extracting(LensToken::token).isEqualTo(order);
    assertThat(cell.top()).extracting(LensToken::rank).containsExactly(1, 2, 3, 4);
    assertThat(cell.top().get(2)).isEqualTo(cell.tokens().get(order.get(2).intValue()));
  }

  @ParameterizedTest
  @MethodSource("models")
  void theLastLayerIsTheModel(ModelConfig config, WeightProcessing steps, NormScale scale) {
    try (var model = RandomModels.model(config, 1, steps);
        var _ = TensorScope.open()) {
      long[] prompt = prompt(config);
      double[] own = model.run(Tokens.of(prompt)).toDoubles();
      var grid = lens(model, scale).grid(prompt, List.of(At.all()), 1, ALL);
      for (int position = 0; position < prompt.length; position++) {
        var cell = grid.at("final_post", position);
        assertThat(cell.kl()).isZero();
        for (int token = 0; token < 19; token++) {
          assertThat(cell.token(token).logit())
              .isCloseTo(own[position * 19 + token], within(1e-12));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void curvesAreMeansOverPromptsOfAnyLength(
      ModelConfig config, WeightProcessing steps, NormScale scale) {
    try (var model = RandomModels.model(config, 1, steps)) {
      // Position 8 is there in one prompt only.
      var positions =
          List.of(At.END, At.named("S"), At.all(), At.range(1, 6), At.index(8), At.index(-7));
      for (var side : PaddingSide.values()) {
        var pairs = pairs(config, side);
        var found = lens(model, scale).curves(pairs, positions, METRICS, Progress.none());
        var slow = new SlowLens(model, scale);
        var logits =
            IntStream.range(0, 4).mapToObj(row -> slow.logits(pairs.clean().row(row))).toList();
        for (var at : positions) {
          for (var metric : METRICS) {
            for (var layer : found.layers()) {
              var expected = slow(logits, pairs, at, (StandardMetric) metric, layer);
              var estimate = found.of(at, metric, layer);
              var what = metric + " at " + at + ", " + layer;
              assertThat(estimate.n()).as(what).isEqualTo(expected.n());
              assertThat(estimate.mean()).as(what).isCloseTo(expected.mean(), within(1e-9));
              if (expected.n() > 1) {
                assertThat(estimate.standardError())
                    .as(what)
                    .isCloseTo(expected.standardError(), within(1e-9));
              }
            }
          }
        }
      }
    }
  }

  private static Estimate slow(
      List<Map<String, double[][]>> logits,
      PromptPairs pairs,
      At at,
      StandardMetric metric,
      String layer) {
    var values = new ArrayList<Double>();
    for (int row = 0; row < pairs.size(); row++) {
      int[] positions = pairs.positions(at, row);
      var right = new HashSet<>(pairs.answers().right().get(row));
      var wrong = new HashSet<>(pairs.answers().wrong().get(row));
      var own = requireNonNull(logits.get(row).get(layer));
      var last = requireNonNull(logits.get(row).get("final_post"));
      IntStream.of(positions)
          .mapToDouble(
              position -> SlowMetric.last(metric, own[position], last[position], right, wrong))
          .average()
          .ifPresent(values::add);
    }
    return Estimate.of(values.stream().mapToDouble(Double::doubleValue).toArray());
  }

  @Test
  void theLogitDifferenceAloneIsThatOfTheWholeVocabulary() {
    var config = RandomModels.family("llama");
    try (var model = RandomModels.model(config, 1, WeightProcessing.none())) {
      var pairs = pairs(config, PaddingSide.LEFT);
      var difference = StandardMetric.LOGIT_DIFFERENCE;
      var lens = lens(model, NormScale.CACHED);
      var alone = lens.curves(pairs, List.of(At.END), List.of(difference), Progress.none());
      var both = lens.curves(pairs, List.of(At.END), METRICS, Progress.none());
      for (var layer : lens.layers()) {
        assertThat(alone.of(At.END, difference, layer).mean())
            .isCloseTo(both.of(At.END, difference, layer).mean(), within(1e-12));
      }
    }
  }

  @Test
  void manyPromptsOfALargeVocabularyAreReadInPieces() {
    // 41 rows of logits at a time, 64 prompts of 16 tokens: several pieces, several chunks.
    var config =
        RandomModels.withVocabulary(RandomModels.family("gpt2"), 99_991, RandomModels.CONTEXT);
    try (var model = RandomModels.model(config, 1, WeightProcessing.none())) {
      int count = 80;
      int[] lengths = IntStream.range(0, count).map(i -> i % 9 == 0 ? 15 : 16).toArray();
      var tokens = RandomModels.tokens(config, 2, PaddingSide.LEFT, lengths);
      long[] right = LongStream.range(0, count).map(i -> i * 1_007).toArray();
      long[] wrong = LongStream.range(0, count).map(i -> i * 907 + 3).toArray();
      var pairs = PromptPairs.of(tokens, tokens, Answers.of(right, wrong));
      var metrics = List.<Metric>of(StandardMetric.RANK, StandardMetric.KL_DIVERGENCE);
      var lens = new LogitLens(model, LogitLensOptions.standard());
      var steps = new ArrayList<Long>();
      var found = lens.curves(pairs, List.of(At.END), metrics, (done, _) -> steps.add(done));
      assertThat(steps).hasSize(3).last().isEqualTo((long) count);
      double rank = 0;
      double kl = 0;
      for (int row = 0; row < count; row++) {
        var cell =
            lens.grid(tokens.row(row), List.of(At.END), 1, right[row])
                .at("1_pre", lengths[row] - 1);
        rank += cell.token(right[row]).rank() / (double) count;
        kl += cell.kl() / count;
      }
      assertThat(found.of(At.END, metrics.getFirst(), "1_pre").mean())
          .isCloseTo(rank, within(1e-6));
      assertThat(found.of(At.END, metrics.getLast(), "1_pre").mean()).isCloseTo(kl, within(1e-9));
    }
  }

  @Test
  void layersAreThoseOfAccumulatedResid() {
    try (var serial = RandomModels.model(RandomModels.family("gpt2"), 1, WeightProcessing.none());
        var parallel =
            RandomModels.model(RandomModels.family("gpt_neox"), 1, WeightProcessing.none())) {
      var pre = List.of("0_pre", "1_pre", "2_pre", "final_post");
      assertThat(new LogitLens(serial, LogitLensOptions.standard()).layers()).isEqualTo(pre);
      assertThat(lens(serial, NormScale.CACHED).layers())
          .containsExactly("0_pre", "0_mid", "1_pre", "1_mid", "2_pre", "2_mid", "final_post");
      assertThat(lens(parallel, NormScale.CACHED).layers()).isEqualTo(pre);
    }
  }

  @Test
  void wrongQuestionsAreRefused() {
    var config = RandomModels.family("gpt2");
    try (var model = RandomModels.model(config, 1, WeightProcessing.none())) {
      var lens = lens(model, NormScale.CACHED);
      long[] prompt = prompt(config);
      var pairs = pairs(config, PaddingSide.LEFT);
      assertThatThrownBy(() -> lens.grid(prompt, List.of(At.all()), 0))
          .hasMessageContaining("1 to 19");
      assertThatThrownBy(() -> lens.grid(prompt, List.of(At.all()), 20))
          .hasMessageContaining("1 to 19");
      assertThatThrownBy(() -> lens.grid(prompt, List.of(At.all()), 1, 19))
          .hasMessageContaining("token 19");
      assertThatThrownBy(() -> lens.grid(prompt, List.of(At.index(9)), 1))
          .hasMessageContaining("9 tokens");
      assertThatThrownBy(() -> lens.grid(prompt, List.of(At.named("S2")), 1))
          .hasMessageContaining("[END]");
      var end = List.of(At.END);
      for (var metric : List.of(StandardMetric.LOSS, new Metric.Recovery(StandardMetric.RANK))) {
        assertThatThrownBy(() -> lens.curves(pairs, end, List.of(metric), Progress.none()))
            .isInstanceOf(IllegalArgumentException.class);
      }
      assertThatThrownBy(() -> lens.curves(pairs, List.of(At.index(9)), METRICS, Progress.none()))
          .hasMessageContaining("at most 9");
      assertThatThrownBy(() -> lens.curves(pairs, end, List.of(), Progress.none()))
          .hasMessageContaining("0 metrics");
      var half =
          PromptPairs.of(
              pairs.clean().rows(0, 2),
              pairs.clean().rows(0, 2),
              new Answers(List.of(List.of(1L), List.of(2L)), List.of(List.of(3L), List.of())));
      assertThatThrownBy(() -> lens.curves(half, end, METRICS, Progress.none()))
          .hasMessageContaining("prompt 1 has no wrong token: logit-difference");
      var grid = lens.grid(prompt, List.of(At.END), 1);
      assertThatThrownBy(() -> grid.at("3_pre", 8)).hasMessageContaining("final_post");
    }
  }

  @Test
  void anInterruptionStopsIt() {
    var config = RandomModels.family("gpt2");
    try (var model = RandomModels.model(config, 1, WeightProcessing.none())) {
      var lens = lens(model, NormScale.CACHED);
      var pairs = pairs(config, PaddingSide.LEFT);
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> lens.curves(pairs, List.of(At.END), METRICS, Progress.none()))
          .isInstanceOf(CancellationException.class);
      assertThat(Thread.interrupted()).isTrue();
    }
  }
}
