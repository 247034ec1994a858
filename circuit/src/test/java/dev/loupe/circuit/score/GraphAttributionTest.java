package dev.loupe.circuit.score;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.run.Corruption;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Metric;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
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
  private static final Metric METRIC = StandardMetric.LOGIT_DIFFERENCE;
  private static final long MEMORY = 64L << 20;

  static Stream<ModelConfig> configs() {
    return Stream.concat(
        RandomModels.families().stream(), LongStream.range(0, 8).mapToObj(RandomModels::config));
  }

  static Stream<ModelConfig> families() {
    return RandomModels.families().stream();
  }

  /** A model, and the same with keys and values of each head's own. */
  private record Both(HookedTransformer model, HookedTransformer apart) implements AutoCloseable {
    static Both of(ModelConfig config, WeightProcessing processing) {
      try (var _ = TensorScope.open()) {
        var weights = RandomModels.weights(config, 8);
        return new Both(
            HookedTransformer.of(config, weights, Optional.empty(), processing),
            SlowScores.apart(config, weights, processing));
      }
    }

    @Override
    public void close() {
      model.close();
      apart.close();
    }
  }

  private static GraphAttribution attribution(
      PromptPairs pairs, EdgeScoring method, Corruption corruption) {
    return new GraphAttribution(pairs, METRIC, method, corruption, MEMORY);
  }

  private interface Slow {
    double[] of(SlowScores slow);
  }

  private static void areAs(
      EdgeEstimates found,
      Both both,
      PromptPairs pairs,
      Metric metric,
      double tolerance,
      Slow slow) {
    var each = new ArrayList<double[]>();
    for (int row = 0; row < pairs.size(); row++) {
      each.add(slow.of(new SlowScores(both.apart(), pairs, row, metric)));
    }
    double most = each.stream().flatMapToDouble(DoubleStream::of).map(Math::abs).max().orElse(1);
    assertThat(most).isPositive();
    for (int edge = 0; edge < found.scores().shape().edges(); edge++) {
      int number = edge;
      var expected = Estimate.of(each.stream().mapToDouble(own -> own[number]).toArray());
      var own = found.estimates().get(edge);
      assertThat(own.mean())
          .as("%s", found.scores().shape().edge(edge))
          .isCloseTo(expected.mean(), within(tolerance * Math.max(1, most)))
          .isEqualTo(found.scores().score(edge));
      assertThat(own.standardError())
          .isCloseTo(expected.standardError(), within(tolerance * Math.max(1, most)));
      assertThat(own.n()).isEqualTo(pairs.size());
    }
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

  // ---- Integrals

  @ParameterizedTest
  @MethodSource("families")
  void integralsOverInputsAreMeansOfGradients(ModelConfig config) {
    var pairs = SlowScores.pairs(config);
    double third = 1.0 / 3;
    try (var both = Both.of(config, WeightProcessing.none())) {
      for (var corruption : List.of(Corruption.COUNTERFACTUAL, Corruption.MEAN)) {
        overInputs(
            both,
            pairs,
            new EdgeScoring.EapIgInputs(3, Ends.REFERENCE),
            corruption,
            new double[] {0, third, 2 * third},
            new double[] {third, third, third});
      }
      overInputs(
          both,
          pairs,
          new EdgeScoring.EapIgInputs(2, Ends.MIDPOINTS),
          Corruption.COUNTERFACTUAL,
          new double[] {.25, .75},
          new double[] {.5, .5});
      overInputs(
          both,
          pairs,
          new EdgeScoring.EapIgInputs(3, Ends.BOTH),
          Corruption.COUNTERFACTUAL,
          new double[] {0, .5, 1},
          new double[] {.25, .5, .25});
      overInputs(
          both,
          pairs,
          new EdgeScoring.CleanCorrupted(),
          Corruption.COUNTERFACTUAL,
          new double[] {0, 1},
          new double[] {.5, .5});
    }
  }

  private static void overInputs(
      Both both,
      PromptPairs pairs,
      EdgeScoring method,
      Corruption corruption,
      double[] shares,
      double[] weights) {
    var found = attribution(pairs, method, corruption).edges(both.model(), Progress.none());
    areAs(found, both, pairs, METRIC, 1e-9, slow -> slow.overInputs(corruption, shares, weights));
  }

  @ParameterizedTest
  @MethodSource("families")
  void integralsOverActivationsAreMeansOfGradients(ModelConfig config) {
    var pairs = SlowScores.pairs(config);
    try (var both = Both.of(config, WeightProcessing.none())) {
      for (Metric metric : List.of(METRIC, StandardMetric.KL_DIVERGENCE)) {
        var found =
            new GraphAttribution(
                    pairs,
                    metric,
                    new EdgeScoring.EapIgActivations(2, Ends.MIDPOINTS),
                    Corruption.MEAN,
                    MEMORY)
                .edges(both.model(), Progress.none());
        areAs(
            found,
            both,
            pairs,
            metric,
            1e-9,
            slow ->
                slow.overActivations(
                    Corruption.MEAN, new double[] {.25, .75}, new double[] {.5, .5}));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void integralsOverInputsAddUpToTheDifferenceOfTheRuns(ModelConfig config) {
    var pairs = SlowScores.pairs(config).rows(1, 2);
    try (var both = Both.of(config, WeightProcessing.none())) {
      var input = new Group(0, 1);
      double expected =
          new SlowScores(both.apart(), pairs, 0, METRIC).effect(Corruption.COUNTERFACTUAL, input);
      for (var ends : Ends.values()) {
        double few = leaving(both, pairs, new EdgeScoring.EapIgInputs(4, ends), input);
        double many = leaving(both, pairs, new EdgeScoring.EapIgInputs(200, ends), input);
        assertThat(Math.abs(many - expected))
            .as("%s", ends)
            .isLessThan(ends == Ends.REFERENCE ? Math.abs(few - expected) / 10 : 2e-2);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gpt_neox", "llama"})
  void integralsOverActivationsAddUpToWhatEachLayerDoes(String family) {
    var config = RandomModels.family(family);
    var pairs = SlowScores.pairs(config).rows(1, 2);
    try (var both = Both.of(config, WeightProcessing.none())) {
      var found =
          attribution(
                  pairs,
                  new EdgeScoring.EapIgActivations(80, Ends.MIDPOINTS),
                  Corruption.COUNTERFACTUAL)
              .edges(both.model(), Progress.none());
      var slow = new SlowScores(both.apart(), pairs, 0, METRIC);
      for (var group : Group.each(GraphShape.of(config))) {
        double expected = slow.effect(Corruption.COUNTERFACTUAL, group);
        assertThat(leaving(found, group))
            .as("%s", group)
            .isCloseTo(expected, within(5e-3 * Math.max(1, Math.abs(expected))));
      }
    }
  }

  private static double leaving(Both both, PromptPairs pairs, EdgeScoring method, Group group) {
    return leaving(
        attribution(pairs, method, Corruption.COUNTERFACTUAL).edges(both.model(), Progress.none()),
        group);
  }

  private static double leaving(EdgeEstimates found, Group group) {
    var shape = found.scores().shape();
    double sum = 0;
    for (int source = group.from(); source < group.to(); source++) {
      for (int target = shape.firstTarget(source); target < shape.targets(); target++) {
        sum += found.scores().score(shape.edge(source, target));
      }
    }
    return sum;
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
