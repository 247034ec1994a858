package dev.loupe.lens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.lens.Metric.Reads;
import dev.loupe.tensor.DType;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class MetricTest {
  private static final int RUNS = 4;
  private static final int PROMPTS = 5;
  private static final int LENGTH = 6;
  private static final int VOCABULARY = 23;

  private TensorScope scope;

  @BeforeEach
  void open() {
    scope = TensorScope.open();
  }

  @AfterEach
  void close() {
    scope.close();
  }

  private static Tensor randn(int seed, DType dtype, long... shape) {
    return Tensors.randn(new SplittableRandom(seed), 3, dtype, shape);
  }

  /** One to four right tokens and as many wrong ones, different in number from row to row. */
  private static Answers answers(int seed) {
    var random = new Random(seed);
    var right = new ArrayList<List<Long>>();
    var wrong = new ArrayList<List<Long>>();
    for (int prompt = 0; prompt < PROMPTS; prompt++) {
      var tokens = new ArrayList<>(LongStream.range(0, VOCABULARY).boxed().toList());
      Collections.shuffle(tokens, random);
      right.add(tokens.subList(0, 1 + (prompt + seed) % 4));
      wrong.add(tokens.subList(10, 11 + (prompt + 2 * seed + 1) % 3));
    }
    return new Answers(right, wrong);
  }

  private static List<List<Long>> tokens(int seed) {
    var random = new Random(seed);
    return IntStream.range(0, PROMPTS)
        .mapToObj(_ -> random.longs(LENGTH, 0, VOCABULARY).boxed().toList())
        .toList();
  }

  private static Readout last(Tensor logits, Answers answers, Tensor base) {
    return new Readout(
        logits, List.of(), answers, List.of(), 0, Optional.of(new Readout.Base(base)));
  }

  private static Readout plain(Answers answers, double... logits) {
    return new Readout(
        Tensors.of(logits, 1, 1, logits.length),
        List.of(),
        answers,
        List.of(),
        0,
        Optional.empty());
  }

  private static Readout every(Tensor logits, int from, Optional<Tensor> base) {
    return new Readout(logits, List.of(), answers(0), tokens(0), from, base.map(Readout.Base::new));
  }

  private static double[] row(double[] all, int index, int width) {
    return Arrays.copyOfRange(all, index * width, (index + 1) * width);
  }

  private static double tolerance(DType dtype) {
    return dtype == DType.F64 ? 1e-12 : 2e-5;
  }

  // ---- Against the definitions

  @ParameterizedTest
  @EnumSource(value = StandardMetric.class, mode = EnumSource.Mode.EXCLUDE, names = "LOSS")
  void aMetricIsItsDefinitionForEveryRunAndPrompt(StandardMetric metric) {
    for (var dtype : List.of(DType.F64, DType.F32)) {
      for (int seed = 0; seed < 5; seed++) {
        var logits = randn(seed, dtype, RUNS, PROMPTS, VOCABULARY);
        var base = randn(seed + 100, dtype, PROMPTS, VOCABULARY);
        var answers = answers(seed);
        var found = metric.of(last(logits, answers, base));
        assertThat(found.shape()).containsExactly(RUNS, PROMPTS);
        assertThat(found.dtype()).isEqualTo(dtype);
        double[] values = found.toDoubles();
        for (int i = 0; i < values.length; i++) {
          int prompt = i % PROMPTS;
          double expected =
              SlowMetric.last(
                  metric,
                  row(logits.toDoubles(), i, VOCABULARY),
                  row(base.toDoubles(), prompt, VOCABULARY),
                  Set.copyOf(answers.right().get(prompt)),
                  Set.copyOf(answers.wrong().get(prompt)));
          assertThat(values[i])
              .as("%s of run and prompt %d, seed %d", metric, i, seed)
              .isCloseTo(expected, within(tolerance(dtype)));
        }
      }
    }
  }

  @Test
  void lossIsItsDefinitionForEveryRunAndPrompt() {
    for (var dtype : List.of(DType.F64, DType.F32)) {
      var logits = randn(1, dtype, RUNS, PROMPTS, LENGTH, VOCABULARY);
      double[] values = StandardMetric.LOSS.of(every(logits, 0, Optional.empty())).toDoubles();
      assertThat(values).hasSize(RUNS * PROMPTS);
      for (int i = 0; i < values.length; i++) {
        double[] prompt = row(logits.toDoubles(), i, LENGTH * VOCABULARY);
        var positions = new double[LENGTH][];
        Arrays.setAll(positions, position -> row(prompt, position, VOCABULARY));
        assertThat(values[i])
            .isCloseTo(
                SlowMetric.loss(positions, tokens(0).get(i % PROMPTS)), within(tolerance(dtype)));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, LENGTH - 2, LENGTH - 1})
  void lossTakesFromTheBaseRunWhatAnInterventionLeavesAsItWas(int from) {
    var base = randn(2, DType.F64, PROMPTS, LENGTH, VOCABULARY);
    var changed = randn(3, DType.F64, RUNS, PROMPTS, LENGTH - from, VOCABULARY);
    var start = base.narrow(1, 0, from).unsqueeze(0).expand(RUNS, PROMPTS, from, VOCABULARY);
    double[] whole =
        StandardMetric.LOSS
            .of(every(Tensors.cat(2, List.of(start, changed)), 0, Optional.empty()))
            .toDoubles();
    double[] part = StandardMetric.LOSS.of(every(changed, from, Optional.of(base))).toDoubles();
    assertThat(part).containsExactly(whole, within(1e-12));
    double[] unchanged =
        StandardMetric.LOSS.of(every(base.unsqueeze(0), 0, Optional.empty())).toDoubles();
    // The last position predicts no token of the prompt: a change there alone is no loss.
    assertThat(Math.abs(part[0] - unchanged[0]) < 1e-12).isEqualTo(from == LENGTH - 1);
  }

  @Test
  void logitDifferenceReadsNoMoreThanTheColumnsOfTheAnswersInAnyOrder() {
    var logits = randn(4, DType.F64, RUNS, PROMPTS, VOCABULARY);
    var answers = answers(1);
    var columns = new ArrayList<>(LongStream.of(answers.tokens()).boxed().toList());
    Collections.shuffle(columns, new Random(5));
    assertThat(columns).isNotEqualTo(columns.stream().sorted().toList());
    long[] picked = columns.stream().mapToLong(Long::longValue).toArray();
    var few =
        new Readout(
            logits.indexSelect(2, picked), columns, answers, List.of(), 0, Optional.empty());
    assertThat(StandardMetric.LOGIT_DIFFERENCE.of(few).toDoubles())
        .containsExactly(
            StandardMetric.LOGIT_DIFFERENCE
                .of(last(logits, answers, logits.select(0, 0)))
                .toDoubles());
  }

  @Test
  void plainLogitsOfOneRunAreMeasured() {
    var logits = randn(6, DType.F32, PROMPTS, VOCABULARY);
    long[] right = {3, 1, 4, 1, 5};
    long[] wrong = {9, 2, 6, 7, 8};
    var answers = Answers.of(right, wrong);
    double[] found = StandardMetric.LOGIT_DIFFERENCE.ofLogits(logits, answers);
    for (int row = 0; row < PROMPTS; row++) {
      double[] each = logits.select(0, row).toDoubles();
      assertThat(found[row])
          .isEqualTo((float) each[(int) right[row]] - (float) each[(int) wrong[row]]);
    }
    long[] top = logits.argmax(-1).toLongs();
    top[1] = (top[1] + 1) % VOCABULARY;
    double[] accuracy =
        StandardMetric.ACCURACY.ofLogits(
            logits, new Answers(LongStream.of(top).mapToObj(List::of).toList(), none()));
    assertThat(accuracy).containsExactly(1, 0, 1, 1, 1);
  }

  private static List<List<Long>> none() {
    return Collections.nCopies(PROMPTS, List.of());
  }

  // ---- By hand

  @Test
  void tiesCountAsNotAboveAndTheLowestIdIsTheLikeliest() {
    var answers = new Answers(List.of(List.of(2L)), List.of(List.of()));
    assertThat(StandardMetric.RANK.of(plain(answers, 1, 7, 7, 7, 8)).item()).isEqualTo(2);
    assertThat(StandardMetric.ACCURACY.of(plain(answers, 1, 7, 7, 7, 2)).item()).isZero();
    assertThat(StandardMetric.ACCURACY.of(plain(answers, 1, 2, 7, 7, 7)).item()).isOne();
  }

  @Test
  void aTokenNamedTwiceCountsOnce() {
    var twice = new Answers(List.of(List.of(0L, 0L, 1L)), List.of(List.of(2L, 2L)));
    assertThat(StandardMetric.PROBABILITY.of(plain(twice, 0, 0, 0, 0)).item()).isEqualTo(.5);
    assertThat(StandardMetric.LOGIT_DIFFERENCE.of(plain(twice, 1, 4, 2, 0)).item()).isEqualTo(.5);
    assertThat(StandardMetric.LOG_PROBABILITY.of(plain(twice, 0, 0, 0, 0)).item())
        .isCloseTo(Math.log(.5), within(1e-15));
  }

  @Test
  void logProbabilityIsExactWhereTheProbabilityVanishes() {
    var answers = new Answers(List.of(List.of(1L, 2L)), List.of(List.of()));
    assertThat(StandardMetric.LOG_PROBABILITY.of(plain(answers, 0, -2000, -2000)).item())
        .isCloseTo(Math.log(2) - 2000, within(1e-9));
    assertThat(
            StandardMetric.LOG_PROBABILITY
                .of(plain(answers, 0, Double.NEGATIVE_INFINITY, Double.NEGATIVE_INFINITY))
                .item())
        .isEqualTo(Double.NEGATIVE_INFINITY);
  }

  @Test
  void greaterThanIsTheProbabilityOfTheYearsAfterLessThatOfTheOthers() {
    // Years 0 to 9 in the tokens 0 to 9; the prompt's is 6. Each as likely as the next, but 7.
    var years =
        new Answers(List.of(List.of(7L, 8L, 9L)), List.of(List.of(0L, 1L, 2L, 3L, 4L, 5L, 6L)));
    var logits = new double[10];
    logits[7] = Math.log(11);
    assertThat(Metric.parse("greater-than").of(plain(years, logits)).item())
        .isCloseTo((13 - 7) / 20.0, within(1e-15));
  }

  @Test
  void divergenceIsInNatsAndZeroFromItself() {
    var answers = answers(0);
    var base = randn(7, DType.F32, PROMPTS, VOCABULARY);
    assertThat(StandardMetric.KL_DIVERGENCE.of(last(base.unsqueeze(0), answers, base)).toDoubles())
        .containsOnly(0);
    var one = Answers.of(new long[] {0}, new long[] {1});
    var sure = Tensors.of(new double[] {0, Double.NEGATIVE_INFINITY}, 1, 2);
    var even = Tensors.of(new double[] {5, 5}, 1, 1, 2);
    assertThat(StandardMetric.KL_DIVERGENCE.of(last(even, one, sure)).item())
        .isCloseTo(Math.log(2), within(1e-15));
    assertThat(
            StandardMetric.KL_DIVERGENCE.of(last(sure.unsqueeze(0), one, even.squeeze(0))).item())
        .isEqualTo(Double.POSITIVE_INFINITY);
    assertThat(StandardMetric.KL_DIVERGENCE.of(last(sure.unsqueeze(0), one, sure)).item()).isZero();
  }

  @ParameterizedTest
  @EnumSource(StandardMetric.class)
  void whatIsNotANumberGivesNone(StandardMetric metric) {
    for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      var logits = new double[3];
      logits[0] = bad;
      var answers = Answers.of(new long[] {0}, new long[] {1});
      boolean everyToken = metric.reads() == Reads.EVERY;
      var shape = everyToken ? new long[] {1, 1, 2, 3} : new long[] {1, 1, 3};
      var twice = Tensors.of(everyToken ? new double[] {bad, 0, 0, 0, 0, 0} : logits, shape);
      var good = Optional.of(new Readout.Base(Tensors.zeros(DType.F64, 1, 3)));
      var readout = new Readout(twice, List.of(), answers, List.of(List.of(0L, 1L)), 0, good);
      assertThat(metric.of(readout).item()).isNotFinite();
    }
  }

  @Test
  void whatTheBaseRunLacksGivesNoDivergence() {
    var answers = Answers.of(new long[] {0}, new long[] {1});
    var base = Tensors.of(new double[] {0, Double.NaN, 0}, 1, 3);
    var run = Tensors.zeros(DType.F64, 1, 1, 3);
    assertThat(StandardMetric.KL_DIVERGENCE.of(last(run, answers, base)).item()).isNaN();
  }

  @Test
  void halfTypesAreCountedInFullOnes() {
    var logits = new double[5000];
    for (int i = 0; i < 5000; i++) {
      logits[i] = i < 4097 ? 1 : 0;
    }
    var readout =
        new Readout(
            Tensors.of(logits, 1, 1, 5000).to(DType.BF16),
            List.of(),
            Answers.of(new long[] {4999}, new long[] {0}),
            List.of(),
            0,
            Optional.empty());
    assertThat(StandardMetric.RANK.of(readout).item()).isEqualTo(4098);
    assertThat(StandardMetric.RANK.of(readout).dtype()).isEqualTo(DType.F32);
  }

  // ---- Those that wrap others

  @Test
  void aRecoveryReadsAndGivesWhatItsMetricDoes() {
    var recovery = new Metric.Recovery(StandardMetric.PROBABILITY);
    var readout =
        last(
            randn(8, DType.F64, RUNS, PROMPTS, VOCABULARY),
            answers(2),
            randn(9, DType.F64, PROMPTS, VOCABULARY));
    assertThat(recovery.reads()).isEqualTo(Reads.LAST);
    assertThat(recovery.label()).isEqualTo("normalised recovery of probability");
    assertThat(recovery.of(readout).toDoubles())
        .containsExactly(StandardMetric.PROBABILITY.of(readout).toDoubles());
    assertThatThrownBy(() -> new Metric.Recovery(recovery))
        .hasMessageContaining("recovery of a recovery");
  }

  @Test
  void aCustomMetricGetsEveryRunAndPromptAtOnce() {
    var logits = randn(10, DType.F64, RUNS, PROMPTS, VOCABULARY);
    var readout = last(logits, answers(0), logits.select(0, 0));
    var third = new Metric.Custom("logit of token 3", rows -> rows.select(1, 3));
    assertThat(third.of(readout).shape()).containsExactly(RUNS, PROMPTS);
    assertThat(third.of(readout).toDoubles()).containsExactly(logits.select(2, 3).toDoubles());
    assertThat(third.ofLogits(logits.select(0, 1), answers(0)))
        .containsExactly(logits.select(0, 1).select(1, 3).toDoubles());
    assertThat(third).hasToString("logit of token 3");
    var wrong = new Metric.Custom("all logits", rows -> rows);
    assertThatThrownBy(() -> wrong.of(readout))
        .hasMessageContaining(
            "all logits gave [20, 23] F64 for 4 runs of 5 prompts: expected [20]");
    assertThatThrownBy(() -> new Metric.Custom(" ", rows -> rows))
        .hasMessageContaining("without a label");
  }

  // ---- Names

  @Test
  void namesAreReadAndWritten() {
    for (var metric : StandardMetric.values()) {
      assertThat(Metric.parse(metric.toString())).isEqualTo(metric);
      var recovery = new Metric.Recovery(metric);
      assertThat(Metric.parse(recovery.toString())).isEqualTo(recovery);
    }
    assertThat(
            List.of(
                "logit-difference",
                "probability",
                "probability-difference",
                "log-probability",
                "rank",
                "accuracy",
                "kl",
                "loss"))
        .containsExactlyElementsOf(
            Arrays.stream(StandardMetric.values()).map(StandardMetric::toString).toList());
    assertThat(Metric.parse(" recovery "))
        .isEqualTo(new Metric.Recovery(StandardMetric.LOGIT_DIFFERENCE))
        .hasToString("recovery");
    assertThat(Metric.parse("greater-than")).isEqualTo(StandardMetric.PROBABILITY_DIFFERENCE);
    for (var bad : List.of("logits", "recovery:recovery", "recovery:", "")) {
      assertThatThrownBy(() -> Metric.parse(bad))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("no metric " + bad)
          .hasMessageContaining("logit-difference, probability, probability-difference")
          .hasMessageContaining("rank, accuracy, kl, loss, greater-than, recovery");
    }
  }

  // ---- Refusals

  @Test
  void aDifferenceNeedsBothSides() {
    var logits = randn(11, DType.F64, PROMPTS, VOCABULARY);
    var answers = new Answers(answers(0).right(), none());
    for (var metric :
        List.of(StandardMetric.LOGIT_DIFFERENCE, StandardMetric.PROBABILITY_DIFFERENCE)) {
      assertThatThrownBy(() -> metric.ofLogits(logits, answers))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("prompt 0 has no wrong token: " + metric.label());
    }
    assertThat(StandardMetric.PROBABILITY.ofLogits(logits, answers)).hasSize(PROMPTS);
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, VOCABULARY})
  void tokensOutsideTheVocabularyAreRefused(long token) {
    var logits = randn(12, DType.F64, 1, VOCABULARY);
    assertThatThrownBy(() ->
            StandardMetric.RANK.ofLogits(logits, Answers.of(new long[] {token}, new long[] {0})))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("right token " + token + " of prompt 0 is not among the 23 tokens");
    var prompt = List.of(List.of(0L, token));
    var readout =
        new Readout(
            randn(13, DType.F64, 1, 1, 2, VOCABULARY),
            List.of(),
            Answers.of(new long[] {0}, new long[] {1}),
            prompt,
            0,
            Optional.empty());
    assertThatThrownBy(() -> StandardMetric.LOSS.of(readout))
        .hasMessageContaining("token " + token + " of a prompt");
  }

  @Test
  void whatAMetricReadsMustBeThere() {
    var answers = answers(0);
    var logits = randn(14, DType.F64, RUNS, PROMPTS, VOCABULARY);
    var four = randn(15, DType.F64, RUNS, PROMPTS, LENGTH, VOCABULARY);
    var columns =
        new Readout(
            logits.narrow(2, 0, 2), List.of(0L, 1L), answers, List.of(), 0, Optional.empty());
    assertThatThrownBy(() -> StandardMetric.PROBABILITY.of(columns))
        .hasMessageContaining("probability reads the logits of the whole vocabulary")
        .hasMessageContaining("2 tokens");
    assertThatThrownBy(() -> StandardMetric.LOGIT_DIFFERENCE.of(columns))
        .hasMessageContaining("is not among the 2 tokens");
    assertThatThrownBy(() -> StandardMetric.RANK.of(every(four, 0, Optional.empty())))
        .hasMessageContaining("rank reads [run, prompt, d_vocab]");
    assertThatThrownBy(() -> StandardMetric.LOSS.of(last(logits, answers, logits.select(0, 0))))
        .hasMessageContaining("loss reads [run, prompt, pos, d_vocab]");
    assertThatThrownBy(() -> StandardMetric.LOSS.ofLogits(logits.select(0, 0), answers))
        .hasMessageContaining("give it a Readout");
    assertThatThrownBy(() -> StandardMetric.KL_DIVERGENCE.ofLogits(logits.select(0, 0), answers))
        .hasMessageContaining("KL divergence reads the logits of the base run: none");
    assertThatThrownBy(() ->
            StandardMetric.KL_DIVERGENCE.of(
                last(logits, answers, randn(1, DType.F64, 1, VOCABULARY))))
        .hasMessageContaining("expected the same prompts and vocabulary");
    assertThatThrownBy(() -> StandardMetric.RANK.ofLogits(logits, answers))
        .hasMessageContaining("expected [5, d_vocab]");
    assertThatThrownBy(() -> last(logits.narrow(1, 0, 2), answers, logits))
        .hasMessageContaining("with answers to 5 prompts");
  }

  @Test
  void aLossWithoutItsTokensIsRefused() {
    var all = randn(16, DType.F64, RUNS, PROMPTS, LENGTH, VOCABULARY);
    var late = all.narrow(2, 2, LENGTH - 2);
    assertThatThrownBy(() -> StandardMetric.LOSS.of(every(late, 2, Optional.empty())))
        .hasMessageContaining("loss reads the logits of the base run: none were given");
    var short1 = all.select(0, 0).narrow(1, 0, 2);
    assertThatThrownBy(() -> StandardMetric.LOSS.of(every(late, 2, Optional.of(short1))))
        .hasMessageContaining("expected those of all positions");
    assertThatThrownBy(() -> StandardMetric.LOSS.of(every(late, 0, Optional.empty())))
        .hasMessageContaining("the logits are of 5 prompts of 4");
    assertThatThrownBy(
            () -> StandardMetric.LOSS.of(every(all.narrow(2, 0, 1), 0, Optional.empty())))
        .hasMessageContaining("prompts of 2 tokens or more");
  }
}
