package dev.loupe.circuit.score;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.Ranking;
import dev.loupe.circuit.graph.Selection;
import dev.loupe.circuit.run.Corruption;
import dev.loupe.circuit.run.EdgeRun;
import dev.loupe.lens.Metric;
import dev.loupe.lens.Progress;
import dev.loupe.lens.StandardMetric;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AcdcTest {
  @ParameterizedTest
  @CsvSource({
    "gpt2, KL_DIVERGENCE, 0.01, HARM",
    "gpt2, LOGIT_DIFFERENCE, 0.02, CHANGE",
    "gpt_neox, KL_DIVERGENCE, 0.01, CHANGE",
    "gpt_neox serial, PROBABILITY, 0.005, HARM"
  })
  void isWhatTestingOneEdgeAfterTheOtherGives(
      String family, StandardMetric metric, double threshold, Acdc.Counted counted) {
    try (var random = RandomPairs.of(family, 5)) {
      isNaive(
          random,
          new Acdc(metric, threshold, counted),
          new HookedEffects(random.model(), random.pairs(), metric),
          Corruption.COUNTERFACTUAL);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "llama, COUNTERFACTUAL, 0.02",
    "mistral, MEAN, 0.02",
    "llama, ZERO, 0.05",
    "llama, COUNTERFACTUAL, 1e-12"
  })
  void isSoWithGroupedKeysAndOtherCorruptions(
      String family, Corruption corruption, double threshold) {
    var metric = StandardMetric.LOGIT_DIFFERENCE;
    try (var random = RandomPairs.of(family, 6);
        var run = EdgeRun.of(random.model(), random.pairs(), metric, corruption)) {
      isNaive(random, Acdc.of(metric, threshold), Effects.of(run), corruption);
    }
  }

  private static void isNaive(
      RandomPairs random, Acdc acdc, Effects effects, Corruption corruption) {
    var found = acdc.find(random.model(), random.pairs(), corruption, Progress.none());
    var shape = effects.shape();
    var circuit = EdgeSet.all(shape);
    double metric = metric(effects, circuit);
    assertThat(found.whole().mean()).isCloseTo(metric, within(1e-9));
    var scores = new double[shape.edges()];
    for (int target = shape.targets() - 1; target >= 0; target--) {
      for (int source = shape.reads(target) - 1; source >= 0; source--) {
        int edge = shape.edge(source, target);
        var less = circuit.without(EdgeSet.of(shape, IntStream.of(edge)));
        double without = metric(effects, less);
        scores[edge] = metric - without;
        double lost =
            acdc.metric() == StandardMetric.KL_DIVERGENCE ? without - metric : metric - without;
        boolean stays =
            acdc.counted() == Acdc.Counted.CHANGE
                ? Math.abs(lost) >= acdc.threshold()
                : lost >= acdc.threshold();
        if (!stays) {
          circuit = less;
          metric = without;
        }
      }
    }
    assertThat(found.edges()).isEqualTo(circuit);
    assertThat(found.circuit().mean()).isCloseTo(metric, within(1e-9));
    assertThat(found.circuit().n()).isEqualTo(random.pairs().size());
    assertThat(found.scores().values()).containsExactly(scores, within(1e-9));
  }

  @ParameterizedTest
  @CsvSource({"gpt2, HARM, SIGNED", "llama, CHANGE, ABSOLUTE"})
  void pruningTriesTheLowestScoreFirst(String family, Acdc.Counted counted, Ranking ranking) {
    var metric = StandardMetric.LOGIT_DIFFERENCE;
    try (var random = RandomPairs.of(family, 6);
        var run = EdgeRun.of(random.model(), random.pairs(), metric, Corruption.MEAN)) {
      var shape = run.shape();
      var scores = ExactEdges.of(run, Progress.none()).scores();
      var begun = new Selection.TopEdges(shape.edges() / 2, ranking).of(scores);
      var pruned =
          new Acdc(metric, .02, counted).prune(run, begun, scores, ranking, Progress.none());
      var effects = Effects.of(run);
      var circuit = begun;
      var left = begun.numbers().boxed().collect(Collectors.toCollection(ArrayList::new));
      while (!left.isEmpty()) {
        int lowest = left.getLast();
        for (int edge : left) {
          if (ranking.of(scores.score(edge)) < ranking.of(scores.score(lowest))) {
            lowest = edge;
          }
        }
        left.remove(Integer.valueOf(lowest));
        var less = circuit.without(EdgeSet.of(shape, IntStream.of(lowest)));
        double lost = metric(effects, circuit) - metric(effects, less);
        if ((counted == Acdc.Counted.HARM ? lost : Math.abs(lost)) < .02) {
          circuit = less;
        }
      }
      assertThat(pruned.edges()).isEqualTo(circuit);
      assertThat(pruned.edges().size()).isBetween(1, begun.size() - 1);
      assertThat(pruned.whole().mean()).isCloseTo(metric(effects, begun), within(1e-9));
      assertThat(pruned.circuit().mean()).isCloseTo(metric(effects, circuit), within(1e-9));
    }
  }

  private static double metric(Effects effects, EdgeSet circuit) {
    return Arrays.stream(effects.of(List.of(circuit))[0]).average().orElseThrow();
  }

  @Test
  void whatIsReadByNothingNeedsNoRun() {
    try (var random = RandomPairs.of("gpt2", 7)) {
      var found =
          Acdc.of(StandardMetric.LOGIT_DIFFERENCE, 1e6)
              .find(random.model(), random.pairs(), Corruption.COUNTERFACTUAL, Progress.none());
      assertThat(found.edges().size()).isZero();
      // The whole model, and each edge into the logits: then no node has a reader.
      var shape = found.edges().shape();
      assertThat(found.runs()).isEqualTo(1 + shape.reads(shape.targets() - 1));
    }
  }

  @Test
  void whereEveryEdgeStaysRunsAheadAreGivenUp() {
    try (var random = RandomPairs.of("gpt_neox", 7)) {
      var found =
          new Acdc(StandardMetric.LOGIT_DIFFERENCE, 1e-12, Acdc.Counted.CHANGE)
              .find(random.model(), random.pairs(), Corruption.COUNTERFACTUAL, Progress.none());
      int edges = found.edges().shape().edges();
      assertThat(found.edges().size()).isGreaterThan(edges * 9 / 10);
      assertThat(found.runs()).isLessThan(2 * edges);
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -1, Double.NaN, Double.POSITIVE_INFINITY})
  void aThresholdIsAPositiveNumber(double threshold) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Acdc.of(StandardMetric.KL_DIVERGENCE, threshold))
        .withMessageContaining("threshold " + threshold);
  }

  @Test
  void aMetricThatIsNoNumberIsRefused() {
    try (var random = RandomPairs.of("gpt2", 8)) {
      var endless =
          new Metric.Custom("endless", logits -> logits.select(1, 0).mul(0).add(1).div(0));
      assertThatIllegalArgumentException()
          .isThrownBy(() ->
              Acdc.of(endless, .1)
                  .find(random.model(), random.pairs(), Corruption.COUNTERFACTUAL, Progress.none()))
          .withMessageContaining("Infinity");
    }
  }

  @Test
  void saysWhatItDoes() {
    assertThat(Acdc.of(StandardMetric.KL_DIVERGENCE, .1))
        .hasToString("ACDC by KL divergence, threshold 0.1, what harms");
  }
}
