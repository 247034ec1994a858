package dev.loupe.circuit.score;

import static dev.loupe.circuit.score.BesideSlow.METRIC;
import static dev.loupe.circuit.score.BesideSlow.areAs;
import static dev.loupe.circuit.score.BesideSlow.attribution;
import static dev.loupe.circuit.score.BesideSlow.leaving;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.circuit.run.Corruption;
import dev.loupe.circuit.score.BesideSlow.Both;
import dev.loupe.lens.Metric;
import dev.loupe.lens.Progress;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.ModelConfig;
import dev.loupe.model.RandomModels;
import dev.loupe.model.WeightProcessing;
import dev.loupe.tensor.DType;
import dev.loupe.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Scores of edges and nodes by gradients, beside the slow way to them. */
class GraphAttributionTest {
  static Stream<ModelConfig> configs() {
    return Stream.concat(
        RandomModels.families().stream(), LongStream.range(0, 8).mapToObj(RandomModels::config));
  }

  static Stream<ModelConfig> families() {
    return RandomModels.families().stream();
  }

  // ---- EAP

  @ParameterizedTest
  @MethodSource("configs")
  void eapIsTheGradientByWhatEachTargetReads(ModelConfig config) {
    var pairs = SlowScores.pairs(config);
    try (var both = Both.of(config, WeightProcessing.none())) {
      var found =
          attribution(pairs, new EdgeScoring.Eap(), Corruption.COUNTERFACTUAL)
              .edges(both.model(), Progress.none());
      areAs(found, both, pairs, METRIC, 1e-9, slow -> slow.eap(Corruption.COUNTERFACTUAL));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gpt_neox", "llama"})
  void eapOfProcessedModelsIsTheGradientToo(String family) {
    var config = RandomModels.family(family);
    var pairs = SlowScores.pairs(config);
    try (var both = Both.of(config, WeightProcessing.standard())) {
      var found =
          attribution(pairs, new EdgeScoring.Eap(), Corruption.ZERO)
              .edges(both.model(), Progress.none());
      areAs(found, both, pairs, METRIC, 2e-6, slow -> slow.eap(Corruption.ZERO));
    }
  }

  @ParameterizedTest
  @EnumSource(Corruption.class)
  void edgesAreCorruptedByWhatIsAskedFor(Corruption corruption) {
    var config = RandomModels.family("mistral");
    var pairs = SlowScores.pairs(config);
    try (var both = Both.of(config, WeightProcessing.none())) {
      var found =
          attribution(pairs, new EdgeScoring.Eap(), corruption)
              .edges(both.model(), Progress.none());
      areAs(found, both, pairs, METRIC, 1e-9, slow -> slow.eap(corruption));
    }
  }

  @ParameterizedTest
  @MethodSource("configs")
  void eapIsTheFirstOrderOfWhatOneEdgeChanges(ModelConfig config) {
    var pairs = SlowScores.pairs(config);
    var random = new SplittableRandom(5);
    double step = 1e-5;
    try (var both = Both.of(config, WeightProcessing.none())) {
      for (int row : new int[] {1, 3}) {
        var found =
            attribution(pairs.rows(row, row + 1), new EdgeScoring.Eap(), Corruption.COUNTERFACTUAL)
                .edges(both.model(), Progress.none());
        var slow = new SlowScores(both.apart(), pairs, row, METRIC);
        var shape = found.scores().shape();
        for (int i = 0; i < 15; i++) {
          int edge = random.nextInt(shape.edges());
          double difference =
              (slow.moved(edge, step, Corruption.COUNTERFACTUAL)
                      - slow.moved(edge, -step, Corruption.COUNTERFACTUAL))
                  / (2 * step);
          assertThat(found.scores().score(edge))
              .as("%s", shape.edge(edge))
              .isCloseTo(difference, within(1e-6 * Math.max(1, Math.abs(difference))));
        }
      }
    }
  }

  // ---- Nodes

  @ParameterizedTest
  @MethodSource("families")
  void nodesAreTheSumOfTheEdgesThatLeaveThem(ModelConfig config) {
    var pairs = SlowScores.pairs(config);
    try (var both = Both.of(config, WeightProcessing.none())) {
      for (var name : List.of("eap", "eap-ig", "eap-ig-activations", "clean-corrupted")) {
        var method = EdgeScoring.parse(name, 3, Ends.REFERENCE);
        var attribution = attribution(pairs, method, Corruption.MEAN);
        var edges = attribution.edges(both.model(), Progress.none());
        var nodes = attribution.nodes(both.model(), Progress.none());
        var shape = nodes.scores().shape();
        for (int source = 0; source < shape.sources(); source++) {
          double expected = leaving(edges, new Group(source, source + 1));
          assertThat(nodes.of(shape.source(source)).mean())
              .as("%s of %s", name, shape.source(source))
              .isEqualTo(nodes.scores().score(source))
              .isCloseTo(expected, within(1e-9 * Math.max(1, Math.abs(expected))));
        }
      }
    }
  }

  // ---- Batches and types

  @Test
  void batchesChangeNothing() {
    var config = RandomModels.family("gpt_neo");
    var pairs = SlowScores.pairs(config);
    try (var both = Both.of(config, WeightProcessing.none())) {
      var attribution =
          attribution(pairs, new EdgeScoring.EapIgInputs(2, Ends.BOTH), Corruption.MEAN);
      var done = new ArrayList<Long>();
      double[] together = attribution.edges(both.model(), Progress.none()).scores().values();
      double[] cut =
          attribution
              .withMemory(1 << 20)
              .edges(both.model(), (at, total) -> done.add(total - at))
              .scores()
              .values();
      assertThat(cut).containsExactly(together, within(1e-10));
      assertThat(done).hasSizeGreaterThan(5).isSortedAccordingTo((a, b) -> Long.compare(b, a));
      assertThat(done.getLast()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "llama"})
  void halfTypesAreNearFloat32(String family) {
    var config = RandomModels.family(family);
    var pairs = SlowScores.pairs(config);
    for (var name : List.of("eap", "eap-ig-activations", "ifr")) {
      var scores = new ArrayList<double[]>();
      for (var type : List.of(DType.F32, DType.BF16)) {
        try (var _ = TensorScope.open()) {
          var weights = RandomModels.weights(config, 8).map(t -> t.to(DType.BF16).to(type));
          try (var model =
              HookedTransformer.of(config, weights, Optional.empty(), WeightProcessing.none())) {
            scores.add(
                attribution(pairs, EdgeScoring.parse(name, 2, Ends.REFERENCE), Corruption.MEAN)
                    .edges(model, Progress.none())
                    .scores()
                    .values());
          }
        }
      }
      double most = DoubleStream.of(scores.getFirst()).map(Math::abs).max().orElseThrow();
      for (int edge = 0; edge < scores.getFirst().length; edge++) {
        assertThat(scores.getLast()[edge])
            .as("%s, edge %d", name, edge)
            .isCloseTo(scores.getFirst()[edge], within(.15 * most));
      }
    }
  }

  // ---- Wrong use

  @Test
  void whatHasNoGradientIsRefused() {
    var pairs = SlowScores.pairs(RandomModels.family("gpt2"));
    for (var metric : List.of(StandardMetric.RANK, StandardMetric.ACCURACY)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> GraphAttribution.of(pairs, metric, new EdgeScoring.CleanCorrupted()))
          .withMessageContaining("changes in steps");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            GraphAttribution.of(
                pairs, new Metric.Recovery(StandardMetric.KL_DIVERGENCE), new EdgeScoring.Eap()))
        .withMessageContaining("take eap-ig");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> GraphAttribution.of(pairs, METRIC, new EdgeScoring.Eap()).withMemory(1000))
        .withMessageContaining("expected at least 1 MiB");
  }

  @Test
  void methodsAreReadByTheirNames() {
    for (var name : List.of("eap", "eap-ig", "eap-ig-activations", "clean-corrupted", "ifr")) {
      var method = EdgeScoring.parse(name, 5, Ends.MIDPOINTS);
      assertThat(method).hasToString(name);
      assertThat(method.describe()).isNotBlank();
    }
    for (var ends : Ends.values()) {
      assertThat(Ends.parse(ends.toString())).isEqualTo(ends);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EdgeScoring.parse("eap-ih", 5, Ends.BOTH))
        .withMessageContaining("eap-ih");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new EdgeScoring.EapIgInputs(1, Ends.BOTH))
        .withMessageContaining("expected 2 or more");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new EdgeScoring.EapIgActivations(0, Ends.REFERENCE))
        .withMessageContaining("expected 1 or more");
  }
}
