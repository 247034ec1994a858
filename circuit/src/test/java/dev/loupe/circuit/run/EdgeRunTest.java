package dev.loupe.circuit.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.lens.Metric;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Readout;
import dev.loupe.lens.SameLength;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.ModelConfig;
import dev.loupe.model.PaddingSide;
import dev.loupe.model.RandomModels;
import dev.loupe.model.WeightProcessing;
import dev.loupe.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class EdgeRunTest {
  static Stream<ModelConfig> models() {
    return Stream.concat(
        RandomModels.families().stream(),
        LongStream.range(0, 8).mapToObj(RandomModels::config).filter(c -> c.dVocab() > 4));
  }

  @ParameterizedTest
  @MethodSource("models")
  void circuitsAreAsWithHooks(ModelConfig config) {
    try (var model = RandomModels.model(config, 5, WeightProcessing.none());
        var slow = Fixtures.ungrouped(model)) {
      var pairs = Fixtures.pairs(config, 3);
      var shape = GraphShape.of(config);
      var circuits = new ArrayList<EdgeSet>();
      for (double share : new double[] {.05, .3, .7, .98}) {
        circuits.add(Fixtures.circuit(shape, 7 + circuits.size(), share));
      }
      circuits.add(EdgeSet.all(shape));
      circuits.add(EdgeSet.none(shape));
      for (var corruption : Corruption.values()) {
        var metric =
            corruption == Corruption.ZERO
                ? StandardMetric.PROBABILITY
                : StandardMetric.LOGIT_DIFFERENCE;
        try (var run = EdgeRun.of(model, pairs, metric, corruption)) {
          var together = run.of(circuits, Progress.none());
          for (int i = 0; i < circuits.size(); i++) {
            var expected = slowly(slow, pairs, metric, corruption, circuits.get(i));
            assertThat(together[i])
                .as("%s, %s", corruption, circuits.get(i))
                .containsExactly(expected, within(1e-9));
            assertThat(run.of(circuits.get(i))).containsExactly(expected, within(1e-9));
          }
        }
      }
    }
  }

  private static double[] slowly(
      HookedTransformer model,
      PromptPairs pairs,
      Metric metric,
      Corruption corruption,
      EdgeSet circuit) {
    var values = new double[pairs.size()];
    for (int[] rows : SameLength.rows(pairs.clean())) {
      try (var _ = TensorScope.open()) {
        var hooked = new HookedCircuit(model, pairs, corruption);
        boolean every = metric.reads() == Metric.Reads.EVERY;
        var logits = hooked.logits(circuit, rows);
        var clean = model.run(SameLength.unpadded(pairs.clean(), rows));
        int end = Math.toIntExact(logits.size(1)) - 1;
        double[] found =
            metric
                .of(
                    new Readout(
                        (every ? logits : logits.select(1, end)).unsqueeze(0),
                        List.of(),
                        pairs.answers().rows(rows),
                        IntStream.of(rows)
                            .mapToObj(row -> LongStream.of(pairs.clean().row(row)).boxed().toList())
                            .toList(),
                        0,
                        Optional.of(new Readout.Base(every ? clean : clean.select(1, end)))))
                .toDoubles();
        for (int i = 0; i < rows.length; i++) {
          values[rows[i]] = found[i];
        }
      }
    }
    return values;
  }

  @ParameterizedTest
  @EnumSource(StandardMetric.class)
  void allEdgesAreTheCleanRunAndNoneTheCorruptedOne(StandardMetric metric) {
    var config = RandomModels.family("gpt2");
    try (var model = RandomModels.model(config, 5, WeightProcessing.none())) {
      int[] rows = {0, 2};
      var pairs = SameLength.unpadded(Fixtures.pairs(config, 3), rows);
      var shape = GraphShape.of(config);
      try (var run = EdgeRun.of(model, pairs, metric, Corruption.COUNTERFACTUAL);
          var swapped =
              EdgeRun.of(
                  model,
                  new PromptPairs(
                      /* clean= */ pairs.corrupted(),
                      /* corrupted= */ pairs.clean(),
                      pairs.answers(),
                      pairs.positions(),
                      pairs.templates()),
                  metric,
                  Corruption.COUNTERFACTUAL)) {
        assertThat(run.clean()).isEqualTo(run.of(EdgeSet.all(shape)));
        assertThat(run.ablated()).isEqualTo(run.of(EdgeSet.none(shape)));
        if (metric != StandardMetric.ACCURACY) {
          assertThat(run.clean()).isNotEqualTo(run.ablated());
        }
        if (metric != StandardMetric.KL_DIVERGENCE && metric != StandardMetric.LOSS) {
          assertThat(run.ablated()).containsExactly(swapped.clean(), within(1e-12));
        }
        if (metric == StandardMetric.KL_DIVERGENCE) {
          assertThat(run.clean()).containsExactly(new double[2], within(1e-12));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gpt_neox", "llama"})
  void processedModelsAreAsWithHooks(String family) {
    var config = RandomModels.family(family);
    try (var model = RandomModels.model(config, 5, WeightProcessing.standard());
        var slow = Fixtures.ungrouped(model)) {
      var pairs = Fixtures.pairs(config, 3);
      var circuit = Fixtures.circuit(GraphShape.of(config), 9, .5);
      var metric = StandardMetric.LOGIT_DIFFERENCE;
      for (var corruption : Corruption.values()) {
        try (var run = EdgeRun.of(model, pairs, metric, corruption)) {
          assertThat(run.of(circuit))
              .containsExactly(slowly(slow, pairs, metric, corruption, circuit), within(1e-9));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "mistral"})
  void metricsOfEveryTokenAndOfTheBaseRunAreAsWithHooks(String family) {
    var config = RandomModels.family(family);
    try (var model = RandomModels.model(config, 5, WeightProcessing.none());
        var slow = Fixtures.ungrouped(model)) {
      int[] longer = {0, 1, 2, 4};
      var all = Fixtures.pairs(config, 3);
      var pairs =
          new PromptPairs(
              RandomModels.tokens(config, 3, PaddingSide.LEFT, 6, 4, 6, 4),
              RandomModels.tokens(config, 4, PaddingSide.LEFT, 6, 4, 6, 4),
              all.answers().rows(longer),
              all.positions(),
              List.of("a", "b", "a", "b"));
      var circuit = Fixtures.circuit(GraphShape.of(config), 9, .6);
      for (var metric : List.of(StandardMetric.LOSS, StandardMetric.KL_DIVERGENCE)) {
        for (var corruption : Corruption.values()) {
          try (var run = EdgeRun.of(model, pairs, metric, corruption)) {
            assertThat(run.of(circuit))
                .containsExactly(slowly(slow, pairs, metric, corruption, circuit), within(1e-9));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Corruption.class)
  void littleMemoryChangesNothing(Corruption corruption) {
    var config = RandomModels.family("llama");
    try (var model = RandomModels.model(config, 5, WeightProcessing.none())) {
      var pairs = Fixtures.pairs(config, 3);
      var shape = GraphShape.of(config);
      var circuits =
          IntStream.range(0, 7).mapToObj(i -> Fixtures.circuit(shape, i, .15 * i)).toList();
      var metric = StandardMetric.LOGIT_DIFFERENCE;
      try (var run = EdgeRun.of(model, pairs, metric, corruption);
          var small =
              EdgeRun.of(model, pairs, metric, corruption, new EdgeRun.Memory(40_000, 0, 7))) {
        var steps = new ArrayList<Long>();
        var found = small.of(circuits, (_, total) -> steps.add(total));
        var expected = run.of(circuits, Progress.none());
        assertThat(steps).hasSizeGreaterThan(10);
        for (int i = 0; i < found.length; i++) {
          assertThat(found[i]).containsExactly(expected[i], within(1e-10));
        }
      }
    }
  }

  @Test
  void manyCircuitsAtOnceAreAsOneByOne() {
    var config = RandomModels.family("gpt_neox");
    try (var model = RandomModels.model(config, 5, WeightProcessing.none());
        var run =
            EdgeRun.of(
                model,
                Fixtures.pairs(config, 3),
                StandardMetric.LOGIT_DIFFERENCE,
                Corruption.COUNTERFACTUAL)) {
      var shape = GraphShape.of(config);
      var circuits =
          IntStream.range(0, 150)
              .mapToObj(i ->
                  i % 2 == 0
                      ? EdgeSet.all(shape).without(EdgeSet.of(shape, IntStream.of(i)))
                      : Fixtures.circuit(shape, i, .3))
              .toList();
      var last = new ArrayList<Long>();
      var found =
          run.of(
              circuits,
              (done, total) -> {
                last.clear();
                last.addAll(List.of(done, total));
              });
      assertThat(last.get(0)).isEqualTo(last.get(1));
      for (int i = 0; i < found.length; i++) {
        assertThat(found[i]).containsExactly(run.of(circuits.get(i)), within(1e-10));
      }
      assertThat(run.of(List.of(), Progress.none())).isEmpty();
    }
  }

  @Test
  void edgesOnNoPathToTheLogitsChangeNothing() {
    var config = RandomModels.family("llama");
    try (var model = RandomModels.model(config, 5, WeightProcessing.none())) {
      var pairs = Fixtures.pairs(config, 3);
      var shape = GraphShape.of(config);
      var dangling =
          EdgeSet.of(
              shape,
              IntStream.range(0, shape.edges())
                  .filter(edge -> shape.targetOf(edge) < shape.targets() - 1));
      var unfed =
          EdgeSet.of(
              shape, IntStream.range(0, shape.edges()).filter(edge -> shape.sourceOf(edge) > 0));
      for (var corruption : Corruption.values()) {
        try (var run = EdgeRun.of(model, pairs, StandardMetric.LOGIT_DIFFERENCE, corruption)) {
          assertThat(run.of(dangling)).isEqualTo(run.ablated());
          assertThat(run.of(unfed)).isEqualTo(run.ablated());
        }
      }
    }
  }

  @Test
  void circuitsOfOtherGraphsAreRefused() {
    var config = RandomModels.family("gpt2");
    try (var model = RandomModels.model(config, 5, WeightProcessing.none());
        var run =
            EdgeRun.of(
                model,
                Fixtures.pairs(config, 3),
                StandardMetric.LOGIT_DIFFERENCE,
                Corruption.ZERO)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> run.of(EdgeSet.all(new GraphShape(1, 1, false, 8))))
          .withMessageContaining("another")
          .withMessageContaining("layers=1");
    }
  }
}
