package dev.loupe.circuit.score;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.run.Corruption;
import dev.loupe.circuit.run.EdgeRun;
import dev.loupe.lens.Metric;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Progress;
import dev.loupe.lens.StandardMetric;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExactEdgesTest {
  private static final Metric METRIC = StandardMetric.LOGIT_DIFFERENCE;

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gpt_neo", "gpt_neox", "gpt_neox serial"})
  void isWhatHooksGiveEdgeByEdge(String family) {
    try (var random = RandomPairs.of(family, 1)) {
      var exact = exact(random, Corruption.COUNTERFACTUAL, PatchDirection.NOISING);
      var hooked =
          ExactEdges.of(
              new HookedEffects(random.model(), random.pairs(), METRIC), 1, Progress.none());
      for (int edge = 0; edge < exact.estimates().size(); edge++) {
        var estimate = exact.of(exact.scores().shape().edge(edge));
        assertThat(estimate.mean()).isCloseTo(hooked.estimates().get(edge).mean(), within(1e-9));
        assertThat(estimate.standardError())
            .isCloseTo(hooked.estimates().get(edge).standardError(), within(1e-9));
        assertThat(exact.scores().score(edge)).isEqualTo(estimate.mean());
      }
      assertThat(Arrays.stream(exact.scores().values()).map(Math::abs).max().orElseThrow())
          .isGreaterThan(.01);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gpt_neox", "llama", "mistral"})
  void denoisingAnEdgeOfTheInputIsACircuitOfTheCorruptedRun(String family) {
    try (var random = RandomPairs.of(family, 2);
        var run = EdgeRun.of(random.model(), random.pairs(), METRIC, Corruption.COUNTERFACTUAL)) {
      var shape = run.shape();
      var exact = exact(random, Corruption.COUNTERFACTUAL, PatchDirection.DENOISING);
      // The input's edges come first. All others carry what this run gives them, which but for the
      // edge is what the corrupted run does.
      var others = EdgeSet.of(shape, IntStream.range(shape.targets(), shape.edges()));
      for (int edge = 0; edge < shape.targets(); edge++) {
        double[] alone = run.of(others.with(EdgeSet.of(shape, IntStream.of(edge))));
        assertThat(exact.scores().score(edge))
            .as("%s", shape.edge(edge))
            .isCloseTo(mean(alone) - mean(run.ablated()), within(1e-9));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void groupedKeysAndEveryCorruptionAreOneRunAnEdge(Corruption corruption) {
    try (var random = RandomPairs.of("llama", 3);
        var run = EdgeRun.of(random.model(), random.pairs(), METRIC, corruption)) {
      var all = EdgeSet.all(run.shape());
      var exact = exact(random, corruption, PatchDirection.NOISING);
      for (int edge = 0; edge < exact.estimates().size(); edge += 7) {
        double[] without = run.of(all.without(EdgeSet.of(run.shape(), IntStream.of(edge))));
        assertThat(exact.scores().score(edge))
            .isCloseTo(mean(run.clean()) - mean(without), within(1e-9));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "COUNTERFACTUAL")
  void noPromptsGiveTheRunThatMeansAndZerosLeave(Corruption corruption) {
    try (var random = RandomPairs.of("gpt2", 1)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> exact(random, corruption, PatchDirection.DENOISING))
          .withMessageContaining("corruption " + corruption + ", denoising");
    }
  }

  @Test
  void saysHowFarItIs() {
    try (var random = RandomPairs.of("gpt2", 4)) {
      var seen = new long[2];
      ExactEdges.of(
          random.model(),
          random.pairs(),
          METRIC,
          Corruption.ZERO,
          PatchDirection.NOISING,
          (done, total) -> {
            assertThat(done).isGreaterThan(seen[0]);
            seen[0] = done;
            seen[1] = total;
          });
      assertThat(seen[0]).isEqualTo(seen[1]).isPositive();
    }
  }

  private static ExactEdges exact(
      RandomPairs random, Corruption corruption, PatchDirection direction) {
    return ExactEdges.of(
        random.model(), random.pairs(), METRIC, corruption, direction, Progress.none());
  }

  private static double mean(double... values) {
    return Arrays.stream(values).average().orElseThrow();
  }
}
