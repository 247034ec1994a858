package dev.loupe.circuit.score;

import static dev.loupe.circuit.score.BesideSlow.MEMORY;
import static dev.loupe.circuit.score.BesideSlow.METRIC;
import static dev.loupe.circuit.score.BesideSlow.areAs;
import static dev.loupe.circuit.score.BesideSlow.attribution;
import static dev.loupe.circuit.score.BesideSlow.leaving;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.run.Corruption;
import dev.loupe.circuit.score.BesideSlow.Both;
import dev.loupe.lens.Metric;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.ModelConfig;
import dev.loupe.model.RandomModels;
import dev.loupe.model.WeightProcessing;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Scores of edges by gradients on the way from the corrupted run to the clean one. */
class IntegratedScoresTest {
  static Stream<ModelConfig> families() {
    return RandomModels.families().stream();
  }

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
        double few = inAll(both, pairs, new EdgeScoring.EapIgInputs(4, ends), input);
        double many = inAll(both, pairs, new EdgeScoring.EapIgInputs(200, ends), input);
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

  private static double inAll(Both both, PromptPairs pairs, EdgeScoring method, Group group) {
    return leaving(
        attribution(pairs, method, Corruption.COUNTERFACTUAL).edges(both.model(), Progress.none()),
        group);
  }
}
