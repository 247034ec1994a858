package dev.loupe.circuit.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.SameLength;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Hooks;
import dev.loupe.model.RandomModels;
import dev.loupe.model.Run;
import dev.loupe.model.WeightProcessing;
import dev.loupe.tensor.TensorScope;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CircuitEvaluationTest {
  private HookedTransformer model;
  private PromptPairs pairs;
  private GraphShape shape;

  @BeforeAll
  void load() {
    var config = RandomModels.family("gpt2");
    model = RandomModels.model(config, 5, WeightProcessing.none());
    pairs = Fixtures.pairs(config, 3);
    shape = GraphShape.of(config);
  }

  @AfterAll
  void free() {
    model.close();
  }

  private EdgeRun run(Corruption corruption) {
    return EdgeRun.of(model, pairs, StandardMetric.LOGIT_DIFFERENCE, corruption);
  }

  @ParameterizedTest
  @EnumSource(Granularity.class)
  void allIsFaithfulAndNoneIsNot(Granularity granularity) {
    for (var corruption : Corruption.values()) {
      try (var run = run(corruption)) {
        var evaluation = new CircuitEvaluation(run, granularity);
        var all = evaluation.faithfulness(EdgeSet.all(shape));
        var none = evaluation.faithfulness(EdgeSet.none(shape));
        assertThat(all.share().mean()).isEqualTo(1);
        assertThat(all.share().standardError()).isZero();
        assertThat(none.share().mean()).isZero();
        assertThat(none.share().standardError()).isZero();
        assertThat(evaluation.completeness(EdgeSet.all(shape)).share().mean()).isZero();
        assertThat(evaluation.completeness(EdgeSet.none(shape)).share().mean()).isEqualTo(1);
        assertThat(all)
            .asString()
            .contains(granularity + " level", corruption.toString(), "all positions", "5 prompts");
      }
    }
  }

  @Test
  void headsAreAblatedAtTheirOutput() {
    var kept = List.of(CircuitNode.parse("a0.h1"), CircuitNode.parse("a2.h3"));
    try (var run = run(Corruption.ZERO)) {
      var set = EdgeSet.between(shape, kept);
      var found = run.of(Granularity.HEAD.left(set));
      assertThat(found).containsExactly(run.of(Granularity.HEAD.left(shape, kept)));
      for (int[] rows : SameLength.rows(pairs.clean())) {
        try (var _ = TensorScope.open()) {
          var hooks = Hooks.none();
          for (int layer = 0; layer < shape.layers(); layer++) {
            for (int head = 0; head < shape.heads(); head++) {
              int at = head;
              if (!kept.contains(CircuitNode.parse("a" + layer + ".h" + head))) {
                hooks =
                    hooks.replace(
                        HookPoint.z(layer), (z, _) -> z.withSelect(2, at, z.select(2, at).mul(0)));
              }
            }
          }
          var logits =
              model
                  .run(
                      Run.of(SameLength.unpadded(pairs.clean(), rows))
                          .withHooks(hooks)
                          .returning(Run.Returns.LAST_LOGITS))
                  .output();
          double[] expected =
              StandardMetric.LOGIT_DIFFERENCE.ofLogits(logits, pairs.answers().rows(rows));
          for (int i = 0; i < rows.length; i++) {
            assertThat(found[rows[i]]).isCloseTo(expected[i], within(1e-9));
          }
        }
      }
    }
  }

  @Test
  void minimalityIsWhatIsLostWithoutEachPart() {
    try (var run = run(Corruption.COUNTERFACTUAL)) {
      var circuit = Fixtures.circuit(shape, 1, .4);
      var evaluation = new CircuitEvaluation(run, Granularity.EDGE);
      var minimality = evaluation.minimality(circuit, Progress.none());
      assertThat(minimality.parts()).hasSize(circuit.size());
      double whole = evaluation.faithfulness(circuit).share().mean();
      int[] edges = circuit.numbers().toArray();
      for (int i : new int[] {0, edges.length / 2, edges.length - 1}) {
        var less = circuit.without(EdgeSet.of(shape, IntStream.of(edges[i])));
        var part = minimality.parts().get(i);
        assertThat(part.name()).isEqualTo(shape.edge(edges[i]).toString());
        assertThat(part.share().mean())
            .isCloseTo(whole - evaluation.faithfulness(less).share().mean(), within(1e-9));
      }
      var byNode =
          new CircuitEvaluation(run, Granularity.NODE).minimality(circuit, Progress.none());
      assertThat(byNode.parts())
          .extracting(Minimality.Part::name)
          .containsExactlyElementsOf(
              circuit.nodes().nodes().stream()
                  .map(CircuitNode::toString)
                  .filter(name -> !name.equals("input"))
                  .toList());
      assertThat(byNode.parts()).anyMatch(part -> Math.abs(part.metric().mean()) > 1e-3);
    }
  }

  @ParameterizedTest
  @EnumSource(Granularity.class)
  void randomCircuitsAreTheSameOfTheSameSeed(Granularity granularity) {
    try (var run = run(Corruption.MEAN)) {
      var evaluation = new CircuitEvaluation(run, granularity);
      var circuit =
          granularity == Granularity.EDGE
              ? Fixtures.circuit(shape, 1, .4)
              : EdgeSet.between(
                  shape,
                  List.of(
                      CircuitNode.input(),
                      CircuitNode.parse("a0.h1"),
                      CircuitNode.parse("a2.h3"),
                      CircuitNode.parse("m1")));
      var random = evaluation.random(circuit, 12, 4, Progress.none());
      assertThat(random).isEqualTo(evaluation.random(circuit, 12, 4, Progress.none()));
      assertThat(random.shares())
          .isNotEqualTo(evaluation.random(circuit, 12, 5, Progress.none()).shares());
      assertThat(random.shares().stream().distinct().count()).isGreaterThan(4);
      assertThat(random.mean()).isBetween(random.interval().low(), random.interval().high());
      assertThat(random.atLeast(Double.NEGATIVE_INFINITY)).isEqualTo(1);
      assertThat(evaluation.random(EdgeSet.all(shape), 2, 4, Progress.none()).shares())
          .containsExactly(1., 1.);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> evaluation.random(circuit, 0, 4, Progress.none()));
    }
  }

  @Test
  void wholeModelsHaveTheAreasOfMib() {
    try (var run = run(Corruption.COUNTERFACTUAL)) {
      var evaluation = new CircuitEvaluation(run, Granularity.EDGE);
      var whole = evaluation.curve(_ -> EdgeSet.all(shape), Progress.none());
      assertThat(whole.cpr().mean()).isCloseTo(.999, within(1e-12));
      assertThat(whole.cmd().mean()).isZero();
      assertThat(whole.cpr().standardError()).isZero();
      var none = evaluation.curve(_ -> EdgeSet.none(shape), Progress.none());
      assertThat(none.cpr().mean()).isZero();
      assertThat(none.cmd().mean()).isCloseTo(.999, within(1e-12));
    }
  }

  @Test
  void curvesAskForTheSizesAndAddUp() {
    try (var run = run(Corruption.COUNTERFACTUAL)) {
      var evaluation = new CircuitEvaluation(run, Granularity.EDGE);
      int all = shape.edges();
      var curve = evaluation.curve(n -> EdgeSet.of(shape, IntStream.range(0, n)), Progress.none());
      assertThat(curve.points())
          .extracting(point -> point.faithfulness().edges())
          .startsWith(1)
          .endsWith(all / 10, all / 5, all / 2, all);
      assertThat(curve.points().getLast().faithfulness().share().mean()).isEqualTo(1);
      double area = 0;
      double apart = 0;
      for (int i = 1; i < 10; i++) {
        double wide = FaithfulnessCurve.SHARES.get(i) - FaithfulnessCurve.SHARES.get(i - 1);
        double a = curve.points().get(i - 1).faithfulness().share().mean();
        double b = curve.points().get(i).faithfulness().share().mean();
        area += wide * (a + b) / 2;
        apart += wide * (Math.abs(1 - a) + Math.abs(1 - b)) / 2;
      }
      assertThat(curve.cpr().mean()).isCloseTo(area, within(1e-12));
      assertThat(curve.cmd().mean()).isCloseTo(apart, within(1e-12));
      assertThat(curve.cmd().standardError()).isPositive();
      for (var wrong : List.of(List.<Double>of(), List.of(.2, .1), List.of(0., .1))) {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> evaluation.curve(wrong, _ -> EdgeSet.all(shape), Progress.none()));
      }
    }
  }

  @Test
  void standardErrorsAreThoseOfTheJackknife() {
    int n = 400;
    var random = new SplittableRandom(3);
    double[] full = DoubleStream.generate(() -> 3 + random.nextGaussian()).limit(n).toArray();
    double[] empty = DoubleStream.generate(() -> -1 + random.nextGaussian()).limit(n).toArray();
    double[] metric = IntStream.range(0, n).mapToDouble(i -> .6 * full[i] + .2).toArray();
    var estimate = new Recovered(full, empty).estimate(metric);
    double[] left = new double[n];
    for (int i = 0; i < n; i++) {
      left[i] = new Recovered(drop(full, i), drop(empty, i)).share(drop(metric, i));
    }
    double mean = Arrays.stream(left).average().orElseThrow();
    double squares = Arrays.stream(left).map(x -> (x - mean) * (x - mean)).sum();
    double jackknife = Math.sqrt(squares * (n - 1) / n);
    assertThat(estimate.standardError()).isCloseTo(jackknife, within(jackknife * .01));
    assertThat(estimate.n()).isEqualTo(n);
  }

  private static double[] drop(double[] values, int index) {
    return IntStream.range(0, values.length)
        .filter(i -> i != index)
        .mapToDouble(i -> values[i])
        .toArray();
  }

  @Test
  void nothingToRecoverIsRefused() {
    var same =
        new PromptPairs(
            pairs.clean(), pairs.clean(), pairs.answers(), pairs.positions(), pairs.templates());
    try (var run =
        EdgeRun.of(model, same, StandardMetric.LOGIT_DIFFERENCE, Corruption.COUNTERFACTUAL)) {
      assertThatIllegalStateException()
          .isThrownBy(() -> new CircuitEvaluation(run, Granularity.EDGE))
          .withMessageContaining("other prompts");
    }
  }

  @Test
  void namesAreRead() {
    for (var each : Corruption.values()) {
      assertThat(Corruption.parse(each.toString())).isEqualTo(each);
    }
    for (var each : Granularity.values()) {
      assertThat(Granularity.parse(each.toString())).isEqualTo(each);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Corruption.parse("noise"))
        .withMessageContaining("counterfactual, mean, zero");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Granularity.parse("layer"))
        .withMessageContaining("edge, node, head");
    assertThat(Ablating.standard()).hasToString("edge level, counterfactual, all positions");
  }
}
