package dev.loupe.study.differential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.CircuitNode.OfHead;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.Progress;
import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.RandomModels;
import dev.loupe.model.Tokens;
import dev.loupe.model.WeightProcessing;
import dev.loupe.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Differences against runs of one text at a time and loops over numbers. */
class DifferenceNormsTest {
  // More than are run together, of several lengths.
  private static final int PAIRS = 19;

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gpt_neo", "gpt_neox", "gpt_neox serial", "llama", "mistral"})
  void equalTheSlowWay(String family) {
    var config = RandomModels.family(family);
    for (var processing : List.of(WeightProcessing.none(), WeightProcessing.standard())) {
      try (var model = RandomModels.model(config, 5, processing)) {
        var random = new SplittableRandom(8);
        var first = texts(random, config.dVocab());
        var second = texts(random, config.dVocab());
        for (int from : new int[] {0, 1}) {
          var found = DifferenceNorms.of(model, first, second, from, Progress.none());
          assertThat(found.keySet().stream().toList())
              .isEqualTo(CircuitNode.all(config).subList(1, CircuitNode.all(config).size()));
          for (var node : found.keySet()) {
            var expected = slow(model, node, first, second, from);
            var got = DifferentialCircuit.norm(found, node);
            assertThat(got.mean()).as("%s", node).isCloseTo(expected.mean(), within(1e-9));
            assertThat(got.standardError()).isCloseTo(expected.standardError(), within(1e-9));
            assertThat(got.n()).isEqualTo(PAIRS);
          }
        }
      }
    }
  }

  private static List<long[]> texts(SplittableRandom random, int vocabulary) {
    var texts = new ArrayList<long[]>();
    for (int i = 0; i < PAIRS; i++) {
      texts.add(random.longs(random.nextInt(2, 9), 0, vocabulary).toArray());
    }
    return texts;
  }

  private static Estimate slow(
      HookedTransformer model,
      CircuitNode node,
      List<long[]> first,
      List<long[]> second,
      int from) {
    var norms = new double[first.size()];
    for (int pair = 0; pair < norms.length; pair++) {
      double[] a = mean(model, node, first.get(pair), from);
      double[] b = mean(model, node, second.get(pair), from);
      double squares = 0;
      for (int i = 0; i < a.length; i++) {
        squares += Math.pow(a[i] - b[i], 2);
      }
      norms[pair] = Math.sqrt(squares);
    }
    return Estimate.of(norms);
  }

  private static double[] mean(HookedTransformer model, CircuitNode node, long[] text, int from) {
    try (var _ = TensorScope.open()) {
      var cache = model.runWithCache(Tokens.of(text), CacheFilter.all()).cache();
      var values =
          node instanceof OfHead(Head head)
              ? cache.get(HookPoint.z(head.layer())).select(0, 0).select(1, head.index())
              : cache.get(HookPoint.mlpOut(node.layer())).select(0, 0);
      double[] all = values.contiguous().toDoubles();
      int width = all.length / text.length;
      var mean = new double[width];
      for (int position = from; position < text.length; position++) {
        for (int i = 0; i < width; i++) {
          mean[i] += all[position * width + i] / (text.length - from);
        }
      }
      return mean;
    }
  }
}
