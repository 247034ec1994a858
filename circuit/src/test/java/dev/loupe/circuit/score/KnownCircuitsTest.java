package dev.loupe.circuit.score;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.KnownCircuits;
import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.Ranking;
import dev.loupe.circuit.graph.Roc;
import dev.loupe.circuit.run.Corruption;
import dev.loupe.circuit.run.EdgeRun;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Progress;
import dev.loupe.lens.StandardMetric;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class KnownCircuitsTest {
  private static final double IFR_AUC = .88;

  enum Model {
    INDUCTION,
    INDIRECT_OBJECT
  }

  private static KnownCircuits.Known known(Model model) {
    return switch (model) {
      case INDUCTION -> KnownCircuits.induction();
      case INDIRECT_OBJECT -> KnownCircuits.indirectObject();
    };
  }

  @ParameterizedTest
  @EnumSource
  void theModelDoesItAndItsCircuitAloneDoes(Model model) {
    try (var known = known(model)) {
      var shape = known.edges().shape();
      double[][] metrics =
          hooked(known).of(List.of(EdgeSet.all(shape), known.edges(), EdgeSet.none(shape)));
      for (int prompt = 0; prompt < known.pairs().size(); prompt++) {
        double whole = metrics[0][prompt];
        double nothing = metrics[2][prompt];
        assertThat(whole).isGreaterThan(3);
        assertThat(nothing).isLessThan(-3);
        assertThat((metrics[1][prompt] - nothing) / (whole - nothing)).isBetween(.95, 1.05);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void noEdgeOfItCanBeMissed(Model model) {
    try (var known = known(model)) {
      var parts = known.edges().numbers().mapToObj(edge -> without(known.edges(), edge)).toList();
      double whole = mean(hooked(known).of(List.of(known.edges()))[0]);
      for (double[] part : hooked(known).of(parts)) {
        assertThat(mean(part)).isLessThan(whole - 1);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "INDUCTION, NOISING",
    "INDUCTION, DENOISING",
    "INDIRECT_OBJECT, NOISING",
    "INDIRECT_OBJECT, DENOISING"
  })
  void exactPatchingFindsIt(Model model, PatchDirection direction) {
    try (var known = known(model)) {
      var scores =
          ExactEdges.of(
                  known.model(),
                  known.pairs(),
                  StandardMetric.LOGIT_DIFFERENCE,
                  Corruption.COUNTERFACTUAL,
                  direction,
                  Progress.none())
              .scores();
      for (int edge : known.edges().numbers().toArray()) {
        assertThat(scores.score(edge)).as("%s", scores.shape().edge(edge)).isGreaterThan(1);
      }
      for (var ranking : Ranking.values()) {
        assertThat(Roc.of(scores, known.edges(), ranking).auc()).isEqualTo(1);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "INDUCTION, LOGIT_DIFFERENCE, 0.5",
    "INDUCTION, KL_DIVERGENCE, 0.1",
    "INDIRECT_OBJECT, LOGIT_DIFFERENCE, 0.5",
    "INDIRECT_OBJECT, KL_DIVERGENCE, 0.1"
  })
  void acdcFindsIt(Model model, StandardMetric metric, double threshold) {
    try (var known = known(model)) {
      for (var counted : Acdc.Counted.values()) {
        var found =
            new Acdc(metric, threshold, counted)
                .find(known.model(), known.pairs(), Corruption.COUNTERFACTUAL, Progress.none());
        assertThat(found.edges()).as("%s", counted).isEqualTo(known.edges());
        assertThat(Roc.of(found.scores(), known.edges(), Ranking.ABSOLUTE).auc()).isEqualTo(1);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "INDUCTION, NOISING",
    "INDUCTION, DENOISING",
    "INDIRECT_OBJECT, NOISING",
    "INDIRECT_OBJECT, DENOISING"
  })
  void nodePatchingFindsItsNodes(Model model, PatchDirection direction) {
    try (var known = known(model)) {
      var scores =
          ExactNodes.of(
                  known.model(),
                  known.pairs(),
                  StandardMetric.LOGIT_DIFFERENCE,
                  Corruption.COUNTERFACTUAL,
                  direction,
                  Progress.none())
              .scores();
      var nodes = known.edges().nodes().nodes();
      var all = CircuitNode.all(known.model().config());
      assertThat(Roc.of(scores, all, nodes, Ranking.SIGNED).auc()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void attributionFindsIt(Model model) {
    try (var known = known(model)) {
      for (String method : List.of("eap", "eap-ig", "eap-ig-activations", "clean-corrupted")) {
        var scores =
            GraphAttribution.of(
                    known.pairs(),
                    StandardMetric.LOGIT_DIFFERENCE,
                    EdgeScoring.parse(method, EdgeScoring.STEPS, Ends.REFERENCE))
                .edges(known.model(), Progress.none())
                .scores();
        for (var ranking : Ranking.values()) {
          assertThat(Roc.of(scores, known.edges(), ranking).auc()).as(method).isEqualTo(1);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void pruningTheWholeModelLeavesIt(Model model) {
    var metric = StandardMetric.LOGIT_DIFFERENCE;
    try (var known = known(model);
        var run = EdgeRun.of(known.model(), known.pairs(), metric, Corruption.COUNTERFACTUAL)) {
      var scores = ExactEdges.of(run, Progress.none()).scores();
      var all = EdgeSet.all(run.shape());
      assertThat(
              Acdc.of(metric, .5)
                  .prune(run, all, scores, Ranking.ABSOLUTE, Progress.none())
                  .edges())
          .isEqualTo(known.edges());
    }
  }

  @ParameterizedTest
  @EnumSource
  void informationFlowsThroughItsNodes(Model model) {
    try (var known = known(model)) {
      var nodes =
          GraphAttribution.of(
                  known.pairs(), StandardMetric.LOGIT_DIFFERENCE, new EdgeScoring.InformationFlow())
              .nodes(known.model(), Progress.none());
      // Which of a head's inputs it goes into, and whether it differs between the runs, routes do
      // not say: the nodes are what can be told.
      var all = CircuitNode.all(known.model().config());
      var circuit = known.edges().nodes().nodes();
      assertThat(Roc.of(nodes.scores(), all, circuit, Ranking.ABSOLUTE).auc()).isEqualTo(1);
      var edges =
          GraphAttribution.of(
                  known.pairs(), StandardMetric.LOGIT_DIFFERENCE, new EdgeScoring.InformationFlow())
              .edges(known.model(), Progress.none())
              .scores();
      assertThat(Roc.of(edges, known.edges(), Ranking.ABSOLUTE).auc())
          .as("as docs/circuits.md says")
          .isBetween(IFR_AUC - .005, IFR_AUC + .005);
    }
  }

  private static EdgeSet without(EdgeSet edges, int edge) {
    return edges.without(EdgeSet.of(edges.shape(), IntStream.of(edge)));
  }

  private static double mean(double... values) {
    return Arrays.stream(values).average().orElseThrow();
  }

  private static Effects hooked(KnownCircuits.Known known) {
    return new HookedEffects(known.model(), known.pairs(), StandardMetric.LOGIT_DIFFERENCE);
  }
}
