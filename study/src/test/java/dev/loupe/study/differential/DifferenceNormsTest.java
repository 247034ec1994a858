package dev.loupe.study.differential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.CircuitNode.OfHead;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.Progress;
import dev.loupe.model.ActivationCache;
import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.RandomModels;
import dev.loupe.model.Tokens;
import dev.loupe.model.WeightProcessing;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Differences against runs of one text at a time and loops over numbers. */
class DifferenceNormsTest {
  // More than are run together, of several lengths.
  private static final int PAIRS = 17;

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
          var nodes = CircuitNode.all(config).stream().skip(1).toList();
          assertThat(List.copyOf(found.keySet())).isEqualTo(nodes);
          var a = first.stream().map(text -> means(model, nodes, text, from)).toList();
          var b = second.stream().map(text -> means(model, nodes, text, from)).toList();
          for (int node = 0; node < nodes.size(); node++) {
            var norms = new double[PAIRS];
            for (int pair = 0; pair < PAIRS; pair++) {
              norms[pair] = norm(a.get(pair)[node], b.get(pair)[node]);
            }
            var expected = Estimate.of(norms);
            var got = DifferentialCircuit.norm(found, nodes.get(node));
            assertThat(got.mean()).isCloseTo(expected.mean(), within(1e-9));
            assertThat(got.standardError()).isCloseTo(expected.standardError(), within(1e-9));
            assertThat(got.n()).isEqualTo(PAIRS);
          }
        }
      }
    }
  }

  private static double norm(double[] a, double[] b) {
    double squares = 0;
    for (int i = 0; i < a.length; i++) {
      squares += Math.pow(a[i] - b[i], 2);
    }
    return Math.sqrt(squares);
  }

  private static List<long[]> texts(SplittableRandom random, int vocabulary) {
    var texts = new ArrayList<long[]>();
    for (int i = 0; i < PAIRS; i++) {
      texts.add(random.longs(random.nextInt(2, 9), 0, vocabulary).toArray());
    }
    return texts;
  }

  /** Returns the mean over positions of every node's output. */
  private static double[][] means(
      HookedTransformer model, List<CircuitNode> nodes, long[] text, int from) {
    try (var _ = TensorScope.open()) {
      var cache = model.runWithCache(Tokens.of(text), CacheFilter.all()).cache();
      return nodes.stream()
          .map(node -> mean(output(cache, node).contiguous().toDoubles(), text.length, from))
          .toArray(double[][]::new);
    }
  }

  private static Tensor output(ActivationCache cache, CircuitNode node) {
    return node instanceof OfHead(Head head)
        ? cache.get(HookPoint.z(head.layer())).select(0, 0).select(1, head.index())
        : cache.get(HookPoint.mlpOut(node.layer())).select(0, 0);
  }

  private static double[] mean(double[] all, int length, int from) {
    int width = all.length / length;
    var mean = new double[width];
    for (int position = from; position < length; position++) {
      for (int i = 0; i < width; i++) {
        mean[i] += all[position * width + i] / (length - from);
      }
    }
    return mean;
  }
}
