package dev.loupe.circuit.score;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.circuit.run.Corruption;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Metric;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.ModelConfig;
import dev.loupe.model.RandomModels;
import dev.loupe.model.WeightProcessing;
import dev.loupe.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Optional;
import java.util.stream.DoubleStream;

/** Scores by gradients beside the slow way to them. */
final class BesideSlow {
  static final Metric METRIC = StandardMetric.LOGIT_DIFFERENCE;
  static final long MEMORY = 64L << 20;

  private BesideSlow() {}

  /** A model, and the same with keys and values of each head's own. */
  record Both(HookedTransformer model, HookedTransformer apart) implements AutoCloseable {
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

  static GraphAttribution attribution(
      PromptPairs pairs, EdgeScoring method, Corruption corruption) {
    return new GraphAttribution(pairs, METRIC, method, corruption, MEMORY);
  }

  interface Slow {
    double[] of(SlowScores slow);
  }

  static void areAs(
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

  /** Returns the sum of the scores of the edges that leave some sources. */
  static double leaving(EdgeEstimates found, Group group) {
    var shape = found.scores().shape();
    double sum = 0;
    for (int source = group.from(); source < group.to(); source++) {
      for (int target = shape.firstTarget(source); target < shape.targets(); target++) {
        sum += found.scores().score(shape.edge(source, target));
      }
    }
    return sum;
  }
}
