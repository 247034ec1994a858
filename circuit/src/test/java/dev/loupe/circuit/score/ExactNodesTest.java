package dev.loupe.circuit.score;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.run.Corruption;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Progress;
import dev.loupe.lens.SameLength;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.Hooks;
import dev.loupe.tensor.TensorScope;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExactNodesTest {
  @ParameterizedTest
  @CsvSource({
    "gpt2, NOISING",
    "gpt2, DENOISING",
    "gpt_neo, NOISING",
    "gpt_neox, NOISING",
    "gpt_neox, DENOISING",
    "llama, NOISING",
    "mistral, DENOISING"
  })
  void isWhatAHookOnTheNodeGives(String family, PatchDirection direction) {
    try (var random = RandomPairs.of(family, 9)) {
      var metric = StandardMetric.LOGIT_DIFFERENCE;
      var exact =
          ExactNodes.of(
              random.model(),
              random.pairs(),
              metric,
              Corruption.COUNTERFACTUAL,
              direction,
              Progress.none());
      var shape = exact.scores().shape();
      for (int source = 1; source < shape.sources(); source++) {
        double expected = effect(random, shape.source(source), direction);
        assertThat(exact.scores().score(source))
            .as("%s", shape.source(source))
            .isCloseTo(expected, within(1e-9));
        assertThat(exact.of(shape.source(source)).mean()).isCloseTo(expected, within(1e-9));
      }
    }
  }

  private static double effect(RandomPairs random, CircuitNode node, PatchDirection direction) {
    double sum = 0;
    var pairs = random.pairs();
    for (int[] rows : SameLength.rows(pairs.clean())) {
      var block = SameLength.unpadded(pairs, rows);
      boolean noising = direction == PatchDirection.NOISING;
      var base = noising ? block.clean() : block.corrupted();
      var other = noising ? block.corrupted() : block.clean();
      var point =
          node instanceof CircuitNode.OfHead
              ? new HookPoint(Kind.RESULT, node.layer())
              : HookPoint.mlpOut(node.layer());
      try (var _ = TensorScope.open()) {
        var values = random.model().runWithCache(other, CacheFilter.only(point)).cache().get(point);
        var hooks =
            Hooks.none()
                .replace(
                    point,
                    (value, _) ->
                        node instanceof CircuitNode.OfHead(var head)
                            ? value.withSelect(2, head.index(), values.select(2, head.index()))
                            : values);
        int last = base.length() - 1;
        var metric = StandardMetric.LOGIT_DIFFERENCE;
        double[] patched =
            metric.ofLogits(
                random.model().runWithHooks(base, hooks).select(1, last), block.answers());
        double[] whole = metric.ofLogits(random.model().run(base).select(1, last), block.answers());
        for (int i = 0; i < rows.length; i++) {
          sum += (whole[i] - patched[i]) * (noising ? 1 : -1);
        }
      }
    }
    return sum / pairs.size();
  }
}
