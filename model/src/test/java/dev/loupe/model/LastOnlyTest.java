package dev.loupe.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loupe.model.HookPoint.Kind;
import dev.loupe.tensor.TensorScope;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is computed of the last position alone equals what whole runs have there. */
class LastOnlyTest {
  static Stream<ModelConfig> families() {
    return RandomModels.families().stream();
  }

  @ParameterizedTest
  @MethodSource("families")
  void theLastPositionEqualsThatOfAWholeRun(ModelConfig config) {
    try (var model = RandomModels.model(config, 5, WeightProcessing.none());
        var _ = TensorScope.open()) {
      int layers = config.nLayers();
      for (var side : PaddingSide.values()) {
        for (int[] lengths : new int[][] {{6, 6}, {6, 4}}) {
          var tokens = RandomModels.tokens(config, 7, side, lengths);
          var run = Run.of(tokens);
          var whole = model.run(run.caching(CacheFilter.all().atLast()));
          for (var filter :
              new CacheFilter[] {
                CacheFilter.none(), CacheFilter.all().atLast(), CacheFilter.kinds(Kind.MLP_OUT)
              }) {
            var last = model.run(run.caching(filter).returning(Run.Returns.LAST_LOGITS));
            for (int row = 0; row < 2; row++) {
              Golden.assertClose(
                  "logits",
                  last.output().select(0, row),
                  whole.output().select(0, row).select(0, tokens.last(row)),
                  1e-12);
            }
            var residual = model.run(run.caching(filter).returning(Run.Returns.LAST_RESIDUAL));
            Golden.assertClose(
                "residual",
                residual.output(),
                whole.cache().get(Kind.RESID_POST, layers - 1).squeeze(1),
                1e-12);
            if (filter.positions() instanceof CacheFilter.KeptPositions.Last) {
              for (var point : whole.cache().points()) {
                Golden.assertClose(
                    point.toString(), last.cache().get(point), whole.cache().get(point), 1e-12);
              }
            } else if (last.cache().has(HookPoint.mlpOut(0))) {
              assertThat(last.cache().get(Kind.MLP_OUT, layers - 1).size(1)).isEqualTo(6);
            }
          }
          var hooked = Hooks.none().replace(HookPoint.mlpOut(layers - 1), (x, at) -> x.mul(2));
          Golden.assertClose(
              "hooked",
              model
                  .run(run.withHooks(hooked).returning(Run.Returns.LAST_LOGITS))
                  .output()
                  .select(0, 0),
              model.runWithHooks(tokens, hooked).select(0, 0).select(0, tokens.last(0)),
              1e-12);
        }
      }
    }
  }
}
