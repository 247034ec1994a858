package dev.loupe.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.model.HookPoint.Kind;
import dev.loupe.tensor.Autograd;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What holds for any weights, on models drawn at random, in float64. */
class IdentitiesTest {
  private static final double TIGHT = 1e-10;

  @Provide
  Arbitrary<Long> seeds() {
    return Arbitraries.longs().between(0, 99_999);
  }

  private interface Check {
    void of(HookedTransformer model, Tokens tokens);
  }

  private static void on(long seed, WeightProcessing processing, Check check) {
    try (var _ = TensorScope.open();
        var model = RandomModels.model(RandomModels.config(seed), seed, processing)) {
      check.of(model, RandomModels.tokens(model.config(), seed, PaddingSide.LEFT, 7, 4, 1, 6));
    }
  }

  @Property(tries = 40)
  void theResidualStreamIsTheSumOfWhatIsWritten(@ForAll("seeds") long seed) {
    on(
        seed,
        WeightProcessing.none(),
        (model, tokens) -> {
          var cache = model.runWithCache(tokens, CacheFilter.all()).cache();
          var sum = cache.get(Kind.EMBED, 0);
          if (cache.has(HookPoint.of(Kind.POS_EMBED))) {
            sum = sum.add(cache.get(Kind.POS_EMBED, 0));
          }
          for (int layer = 0; layer < model.config().nLayers(); layer++) {
            Golden.assertClose("resid_pre", cache.get(HookPoint.residPre(layer)), sum, TIGHT);
            sum = sum.add(cache.get(HookPoint.attnOut(layer)));
            if (!model.config().parallelBlocks()) {
              Golden.assertClose("resid_mid", cache.get(HookPoint.residMid(layer)), sum, TIGHT);
            }
            sum = sum.add(cache.get(HookPoint.mlpOut(layer)));
          }
          Golden.assertClose("resid_post", cache.get(Kind.RESID_POST, -1), sum, TIGHT);
        });
  }

  @Property(tries = 40)
  void headResultsSumToWhatAttentionAddsButItsBias(@ForAll("seeds") long seed) {
    on(
        seed,
        WeightProcessing.none(),
        (model, tokens) -> {
          var cache =
              model.runWithCache(tokens, CacheFilter.kinds(Kind.RESULT, Kind.ATTN_OUT)).cache();
          for (int layer = 0; layer < model.config().nLayers(); layer++) {
            Golden.assertClose(
                "results",
                cache.get(Kind.RESULT, layer).sum(2),
                cache.get(HookPoint.attnOut(layer)).sub(model.weights().blocks().get(layer).bO()),
                TIGHT);
          }
        });
  }

  @Property(tries = 40)
  void theLogitDifferenceIsAProductWithTheResidualStream(@ForAll("seeds") long seed) {
    on(
        seed,
        WeightProcessing.standard(),
        (model, tokens) -> {
          var run = model.runWithCache(tokens, CacheFilter.all());
          var pair = model.tokensToResidualDirections(1, 3);
          var direction = pair.select(0, 0).sub(pair.select(0, 1));
          var logits = run.output();
          var bias = model.weights().bU();
          var scaled =
              run.cache().get(Kind.RESID_POST, -1).div(run.cache().get(Kind.LN_FINAL_SCALE, 0));
          Golden.assertClose(
              "logit difference",
              scaled.mul(direction).sum(-1).add(bias.select(0, 1).sub(bias.select(0, 3))),
              logits.select(2, 1).sub(logits.select(2, 3)),
              TIGHT);
        });
  }

  @Property(tries = 40)
  void everyProcessingLeavesLogProbabilitiesAsTheyAre(@ForAll("seeds") long seed) {
    on(
        seed,
        WeightProcessing.none(),
        (raw, tokens) -> {
          var expected = raw.run(tokens).logSoftmax(-1);
          for (var steps : processings(raw.config())) {
            try (var changed = raw.process(steps)) {
              assertOnTokens(
                  steps.toString(), tokens, changed.run(tokens).logSoftmax(-1), expected, 1e-9);
            }
          }
          // What was made of it has not changed it.
          Golden.assertClose("raw", raw.run(tokens).logSoftmax(-1), expected, 0);
        });
  }

  private static List<WeightProcessing> processings(ModelConfig config) {
    var steps =
        new ArrayList<>(
            List.of(
                new WeightProcessing(true, false, false, false, false),
                new WeightProcessing(false, true, false, false, false),
                new WeightProcessing(false, false, true, false, false),
                new WeightProcessing(false, false, false, true, false),
                WeightProcessing.standard()));
    if (!config.isRotary() && !config.isGrouped() && config.dHead() <= config.dModel()) {
      steps.add(new WeightProcessing(false, false, false, false, true));
      steps.add(new WeightProcessing(true, true, true, true, true));
    }
    return steps;
  }

  @Property(tries = 25)
  void aPaddedBatchEqualsEachPromptAlone(@ForAll("seeds") long seed) {
    on(
        seed,
        WeightProcessing.none(),
        (model, left) -> {
          var rows = List.of(left.row(0), left.row(1), left.row(2), left.row(3));
          for (var tokens : List.of(left, Tokens.padded(PaddingSide.RIGHT, 2, rows))) {
            var points = CacheFilter.where(p -> true);
            var together = model.runWithCache(tokens, points);
            var last = model.runWithCache(tokens, points.atLast()).cache();
            for (int row = 0; row < tokens.batch(); row++) {
              var alone = model.runWithCache(Tokens.of(rows.get(row)), points);
              Golden.assertClose(
                  "logits",
                  tokensOf(tokens, row, together.output().narrow(0, row, 1), 1),
                  alone.output(),
                  TIGHT);
              for (var point : alone.cache().points()) {
                var found = together.cache().get(point).narrow(0, row, 1);
                int dim = ActivationCache.positionDim(point.kind());
                found = tokensOf(tokens, row, found, dim);
                var ofLast = last.get(point).narrow(0, row, 1);
                if (dim == 2) {
                  found = tokensOf(tokens, row, found, 3);
                  ofLast = tokensOf(tokens, row, ofLast, 3);
                }
                var expected = alone.cache().get(point);
                Golden.assertClose(point.toString(), found, expected, TIGHT);
                Golden.assertClose(
                    point + " at last",
                    ofLast,
                    expected.narrow(dim, rows.get(row).length - 1, 1),
                    TIGHT);
              }
            }
          }
        });
  }

  private static Tensor tokensOf(Tokens tokens, int row, Tensor x, int dim) {
    return x.narrow(dim, tokens.start(row), tokens.row(row).length);
  }

  private static void assertOnTokens(
      String what, Tokens tokens, Tensor found, Tensor expected, double tolerance) {
    for (int row = 0; row < tokens.batch(); row++) {
      Golden.assertClose(
          what,
          tokensOf(tokens, row, found.narrow(0, row, 1), 1),
          tokensOf(tokens, row, expected.narrow(0, row, 1), 1),
          tolerance);
    }
  }

  @Property(tries = 25)
  void generationIsTheSameWithAndWithoutACache(@ForAll("seeds") long seed) {
    on(
        seed,
        WeightProcessing.none(),
        (model, left) -> {
          for (var options : List.of(GenerateOptions.greedy(8), GenerateOptions.random(8, seed))) {
            var cached = model.generate(left, options);
            var plain = model.generate(left, options.withoutKeyValueCache());
            for (int row = 0; row < left.batch(); row++) {
              assertThat(cached.get(row)).hasSize(8).isEqualTo(plain.get(row));
            }
          }
          // Which side the pads are on says nothing about what follows.
          var right =
              Tokens.padded(PaddingSide.RIGHT, 1, List.of(left.row(0), left.row(1), left.row(2)));
          var continued = model.generate(right, GenerateOptions.greedy(5));
          for (int row = 0; row < right.batch(); row++) {
            assertThat(continued.get(row))
                .isEqualTo(
                    model.generate(Tokens.of(left.row(row)), GenerateOptions.greedy(5)).get(0));
          }
        });
  }

  @Property(tries = 25)
  void aRunStoppedAndStartedAgainIsTheWholeRun(@ForAll("seeds") long seed) {
    on(
        seed,
        WeightProcessing.none(),
        (model, tokens) -> {
          int layers = model.config().nLayers();
          var whole = model.run(tokens);
          for (int layer = -layers; layer < layers; layer++) {
            var residual = model.run(Run.of(tokens).stoppingAt(layer)).output();
            Golden.assertClose(
                "from layer " + layer,
                model.run(Run.startAtLayer(layer, residual, tokens)).output(),
                whole,
                TIGHT);
          }
          var last = model.run(Run.of(tokens).stoppingAt(layers)).output();
          var cached =
              model.runWithCache(tokens, CacheFilter.only(HookPoint.residPost(layers - 1)));
          Golden.assertClose("the end", last, cached.cache().get(Kind.RESID_POST, -1), 0);
        });
  }

  @Property(tries = 10)
  void hooksThatReturnWhatTheyGetChangeNothing(@ForAll("seeds") long seed) {
    on(
        seed,
        WeightProcessing.none(),
        (model, tokens) -> {
          var expected = model.run(tokens);
          for (var point : HookPoint.all(model.config())) {
            var hooks = Hooks.none().replace(point, (value, at) -> value.copy());
            assertOnTokens(
                point.toString(), tokens, model.runWithHooks(tokens, hooks), expected, TIGHT);
          }
        });
  }

  @Property(tries = 25)
  void aHeadAblatedByAHookIsAHeadWithoutOutputWeights(@ForAll("seeds") long seed) {
    on(
        seed,
        WeightProcessing.none(),
        (model, tokens) -> {
          int layer = (int) (seed % model.config().nLayers());
          int head = (int) (seed % model.config().nHeads());
          var point = HookPoint.z(layer);
          var hooks =
              Hooks.none()
                  .replace(point, (z, at) -> z.withSelect(2, head, z.select(2, head).mul(0)));
          var wO = model.weights().blocks().get(layer).wO();
          var without =
              model
                  .weights()
                  .map(t -> t == wO ? t.withSelect(0, head, t.select(0, head).mul(0)) : t);
          try (var ablated =
              HookedTransformer.of(
                  model.config(), without, Optional.empty(), WeightProcessing.none())) {
            Golden.assertClose(
                "ablated", model.runWithHooks(tokens, hooks), ablated.run(tokens), TIGHT);
          }
        });
  }

  @Property(tries = 25)
  void attentionReachesNoFurtherThanItsWindow(@ForAll("seeds") long seed) {
    on(
        seed,
        WeightProcessing.none(),
        (model, tokens) -> {
          var cache = model.runWithCache(tokens, CacheFilter.kinds(Kind.PATTERN)).cache();
          for (var point : cache.points()) {
            int window = model.config().windows().get(point.layer());
            var pattern = cache.get(point);
            var row = pattern.select(0, 0);
            double outside =
                row.triu(1).sum().item() + (window > 0 ? row.tril(-window).sum().item() : 0);
            assertThat(outside).as(point + " beyond " + window).isZero();
            Golden.assertClose(
                "sums", row.sum(-1), Tensors.full(1, row.dtype(), row.size(0), row.size(1)), TIGHT);
          }
        });
  }

  @Property(tries = 15)
  void aLossCountsEveryTokenButTheFirstOfItsRow(@ForAll("seeds") long seed) {
    on(
        seed,
        WeightProcessing.none(),
        (model, tokens) -> {
          double sum = 0;
          int count = 0;
          for (int row = 0; row < tokens.batch(); row++) {
            long[] ids = tokens.row(row);
            var log = model.run(Tokens.of(ids)).logSoftmax(-1).squeeze(0);
            for (int i = 1; i < ids.length; i++) {
              sum -= log.select(0, i - 1).select(0, ids[i]).item();
              count++;
            }
          }
          assertThat(model.loss(tokens)).isCloseTo(sum / count, within(1e-9));
          assertThat(model.lossPerToken(tokens).sum().item()).isCloseTo(sum, within(1e-9));
        });
  }

  @Property(tries = 15)
  void gradientsOfARunEqualFiniteDifferences(@ForAll("seeds") long seed) {
    on(
        seed,
        WeightProcessing.none(),
        (model, tokens) -> {
          int layer = model.config().nLayers() - 1;
          var residual = model.run(Run.of(tokens).stoppingAt(layer)).output();
          var step =
              Tensors.randn(new SplittableRandom(seed), 1, residual.dtype(), residual.shape());
          var variable = Autograd.variable(residual);
          var gradient =
              Autograd.gradients(metric(model, layer, variable, tokens), List.of(variable), false)
                  .getFirst();
          double h = 1e-6;
          double up = metric(model, layer, residual.add(step.mul(h)), tokens).item();
          double down = metric(model, layer, residual.sub(step.mul(h)), tokens).item();
          double expected = (up - down) / (2 * h);
          // ReLU has kinks; a step across one is no derivative.
          if (model.config().activation() != Activation.RELU) {
            assertThat(gradient.mul(step).sum().item())
                .isCloseTo(expected, within(1e-4 * (1 + Math.abs(expected))));
          }
        });
  }

  private static Tensor metric(HookedTransformer model, int layer, Tensor residual, Tokens tokens) {
    return model
        .run(Run.startAtLayer(layer, residual, tokens).returning(Run.Returns.LAST_LOGITS))
        .output()
        .square()
        .sum();
  }

  @Property(tries = 20)
  void pointsFireInTheOrderOfTheSpecificationWithTheirShapes(@ForAll("seeds") long seed) {
    on(
        seed,
        WeightProcessing.none(),
        (model, tokens) -> {
          var fired = new ArrayList<HookPoint>();
          var hooks = Hooks.none();
          for (var point : HookPoint.all(model.config())) {
            hooks =
                hooks.read(
                    point,
                    (value, at) -> {
                      fired.add(at);
                      assertThat(Arrays.toString(value.shape()))
                          .as(at.toString())
                          .isEqualTo(
                              at.kind()
                                  .shapeIn(model.config())
                                  .replace("batch", "4")
                                  .replaceAll("pos|dest|src", "7"));
                    });
          }
          model.runWithHooks(tokens, hooks);
          assertThat(fired).isEqualTo(HookPoint.all(model.config()));
        });
  }
}
