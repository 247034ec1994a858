package dev.loupe.circuit.score;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.graph.EdgeTarget;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.SameLength;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.ModelConfig;
import dev.loupe.model.RandomModels;
import dev.loupe.model.WeightProcessing;
import dev.loupe.tensor.TensorScope;
import java.util.HashSet;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Information-flow routes, number by number. */
class FlowRoutesTest {
  static Stream<ModelConfig> families() {
    return RandomModels.families().stream();
  }

  @ParameterizedTest
  @MethodSource("families")
  void scoresAreTheThresholdsAtWhichEdgesLeaveTheRoutes(ModelConfig config) {
    var pairs = SlowScores.pairs(config).rows(0, 3);
    var shape = GraphShape.of(config);
    try (var model = RandomModels.model(config, 8, WeightProcessing.none())) {
      var found = routes(pairs, StandardMetric.LOGIT_DIFFERENCE).edges(model, Progress.none());
      var expected = new double[shape.edges()];
      for (int row = 0; row < pairs.size(); row++) {
        double[] own = thresholds(shape, shares(model, SameLength.unpadded(pairs, row), true));
        for (int edge = 0; edge < own.length; edge++) {
          expected[edge] += own[edge] / pairs.size();
        }
      }
      assertThat(found.scores().values()).containsExactly(expected, within(1e-9));
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void nodesAreTheirBestEdge(ModelConfig config) {
    var pairs = SlowScores.pairs(config).rows(1, 2);
    var shape = GraphShape.of(config);
    try (var model = RandomModels.model(config, 8, WeightProcessing.none())) {
      double[] edges = thresholds(shape, shares(model, SameLength.unpadded(pairs, 0), false));
      var nodes = routes(pairs, StandardMetric.LOSS).nodes(model, Progress.none());
      for (int source = 0; source < shape.sources(); source++) {
        double most = 0;
        for (int target = shape.firstTarget(source); target < shape.targets(); target++) {
          most = Math.max(most, edges[shape.edge(source, target)]);
        }
        assertThat(nodes.estimates().get(source).mean()).isCloseTo(most, within(1e-9));
      }
    }
  }

  private static GraphAttribution routes(PromptPairs pairs, StandardMetric metric) {
    return GraphAttribution.of(pairs, metric, new EdgeScoring.InformationFlow());
  }

  private static double[] shares(HookedTransformer model, PromptPairs pair, boolean lastOnly) {
    var shape = GraphShape.of(model.config());
    var shares = new double[shape.edges()];
    try (var _ = TensorScope.open()) {
      var slow = new SlowScores(model, pair, 0, StandardMetric.LOGIT_DIFFERENCE);
      var written = slow.written(pair.clean()).stream().map(t -> t.toDoubles()).toList();
      var cache =
          model
              .runWithCache(
                  pair.clean(), CacheFilter.kinds(Kind.RESID_PRE, Kind.MLP_IN, Kind.RESID_POST))
              .cache();
      int length = pair.clean().length();
      int width = shape.dModel();
      for (int target = 0; target < shape.targets(); target++) {
        var reader = shape.target(target);
        double[] read =
            cache
                .get(
                    switch (reader) {
                      case EdgeTarget.OfHead(var head, _) -> HookPoint.residPre(head.layer());
                      case EdgeTarget.OfMlp(var layer) -> new HookPoint(Kind.MLP_IN, layer);
                      case EdgeTarget.Logits _ -> HookPoint.residPost(shape.layers() - 1);
                    })
                .toDoubles();
        int from = lastOnly && reader instanceof EdgeTarget.Logits ? length - 1 : 0;
        for (int at = from; at < length; at++) {
          var near = new double[shape.reads(target)];
          double sum = 0;
          for (int source = 0; source < near.length; source++) {
            double whole = 0;
            double apart = 0;
            for (int i = at * width; i < (at + 1) * width; i++) {
              whole += Math.abs(read[i]);
              apart += Math.abs(written.get(source)[i] - read[i]);
            }
            near[source] = Math.max(0, whole - apart);
            sum += near[source];
          }
          for (int source = 0; source < near.length && sum > 0; source++) {
            shares[shape.edge(source, target)] += near[source] / sum / (length - from);
          }
        }
      }
    }
    return shares;
  }

  /** Returns for each edge the greatest share at which the routes still have it, one by one. */
  private static double[] thresholds(GraphShape shape, double[] shares) {
    var greatest = new double[shares.length];
    for (double threshold : shares) {
      var nodes = new HashSet<CircuitNode>();
      for (int target = shape.targets() - 1; target >= 0; target--) {
        boolean reached =
            switch (shape.target(target)) {
              case EdgeTarget.OfHead(var head, _) -> nodes.contains(CircuitNode.of(head));
              case EdgeTarget.OfMlp(var layer) -> nodes.contains(CircuitNode.mlp(layer));
              case EdgeTarget.Logits _ -> true;
            };
        for (int source = 0; source < shape.reads(target) && reached; source++) {
          int edge = shape.edge(source, target);
          if (shares[edge] >= threshold) {
            nodes.add(shape.source(source));
            greatest[edge] = Math.max(greatest[edge], threshold);
          }
        }
      }
    }
    return greatest;
  }
}
