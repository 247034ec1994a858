package dev.loupe.lens.sweep;

import static dev.loupe.lens.sweep.SweepFixtures.ANSWERS;
import static dev.loupe.lens.sweep.SweepFixtures.METRIC;
import static dev.loupe.lens.sweep.SweepFixtures.NARROW;
import static dev.loupe.lens.sweep.SweepFixtures.PATTERN;
import static dev.loupe.lens.sweep.SweepFixtures.RESID;
import static dev.loupe.lens.sweep.SweepFixtures.SCORES;
import static dev.loupe.lens.sweep.SweepFixtures.WIDE;
import static dev.loupe.lens.sweep.SweepFixtures.Z;
import static dev.loupe.lens.sweep.SweepFixtures.even;
import static dev.loupe.lens.sweep.SweepFixtures.model;
import static dev.loupe.lens.sweep.SweepFixtures.sweep;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.lens.ActivationDirection;
import dev.loupe.lens.At;
import dev.loupe.lens.Change;
import dev.loupe.lens.Change.Over;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.Metric;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Site;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Hooks;
import dev.loupe.model.PaddingSide;
import dev.loupe.model.RandomModels;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.DType;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.UnaryOperator;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NaiveSweepTest {
  private static final HookedTransformer MODEL = model("gpt2");

  @AfterAll
  static void close() {
    MODEL.close();
  }

  private static SweepResult run(Sweep sweep) {
    return NaiveSweep.run(sweep, MODEL, Progress.none());
  }

  // ---- Each change against a hook written by hand

  private static void requireEqual(List<Intervention> interventions, Hooks byHand) {
    var pairs = even();
    double[] found = run(sweep(pairs, List.of(interventions))).byPrompt(0);
    try (var _ = TensorScope.open()) {
      var logits = MODEL.runWithHooks(pairs.corrupted(), byHand).select(1, 5);
      assertThat(found).containsExactly(METRIC.ofLogits(logits, ANSWERS), within(1e-12));
      var untouched = MODEL.run(pairs.corrupted()).select(1, 5);
      assertThat(found[0]).isNotCloseTo(METRIC.ofLogits(untouched, ANSWERS)[0], within(1e-6));
    }
  }

  private static void requireEqual(Site site, Change change, UnaryOperator<Tensor> byHand) {
    requireEqual(
        List.of(new Intervention(site, change)),
        Hooks.none().replace(site.point(), (value, _) -> byHand.apply(value)));
  }

  private static Tensor clean(HookPoint point) {
    return of(even().clean(), point);
  }

  private static Tensor of(Tokens tokens, HookPoint point) {
    return MODEL.runWithCache(tokens, CacheFilter.only(point)).cache().get(point);
  }

  @Test
  void patchPutsTheSourceRunsValue() {
    requireEqual(
        Site.head(Z, 2).at(At.index(-2)),
        new Change.Patch(),
        z ->
            z.withSelect(
                1, 4, z.select(1, 4).withSelect(1, 2, clean(Z).select(1, 4).select(1, 2))));
    requireEqual(
        Site.of(RESID).at(At.range(2, 9)),
        new Change.Patch(),
        x -> x.withNarrow(1, 2, clean(RESID).narrow(1, 2, 4)));
    requireEqual(
        Site.neuron(HookPoint.mlpPost(0), 5),
        new Change.Patch(),
        x -> x.withSelect(2, 5, clean(HookPoint.mlpPost(0)).select(2, 5)));
    requireEqual(
        Site.head(PATTERN, 1).at(At.END).from(At.index(2)),
        new Change.Patch(),
        x -> {
          var end = x.select(1, 1).select(1, 5);
          var patched = end.withSelect(1, 2, clean(PATTERN).select(1, 1).select(1, 5).select(1, 2));
          return x.withSelect(1, 1, x.select(1, 1).withSelect(1, 5, patched));
        });
  }

  @Test
  void aNamedPositionDiffersFromPromptToPrompt() {
    requireEqual(
        Site.of(RESID).at(At.named("S")),
        new Change.Zero(),
        x -> {
          var rows = new ArrayList<Tensor>();
          int[] at = {0, 2, 1, 3};
          for (int row = 0; row < 4; row++) {
            var own = x.select(0, row);
            rows.add(own.withSelect(0, at[row], own.select(0, at[row]).mul(0)));
          }
          return Tensors.stack(0, rows);
        });
  }

  @Test
  void zeroAndScaleAndFreeze() {
    requireEqual(
        Site.head(HookPoint.k(1), 0),
        new Change.Zero(),
        k -> k.withSelect(2, 0, k.select(2, 0).mul(0)));
    requireEqual(
        Site.of(HookPoint.mlpOut(2)).at(At.END),
        new Change.Scale(-3),
        x -> x.withSelect(1, 5, x.select(1, 5).mul(-3)));
    var steered = new Intervention(Site.of(RESID), new Change.Add(WIDE, 3));
    requireEqual(
        List.of(steered, new Intervention(Site.head(Z, 1), new Change.Freeze())),
        Hooks.none()
            .replace(RESID, (x, _) -> x.add(vector(WIDE).mul(3)))
            .replace(Z, (z, _) -> z.withSelect(2, 1, of(even().corrupted(), Z).select(2, 1))));
  }

  private static Tensor vector(ActivationDirection direction) {
    int size = direction.values().size();
    return Tensors.of(direction.values().stream().mapToDouble(v -> v).toArray(), size);
  }

  private static Tensor along(Tensor x, ActivationDirection direction) {
    var d = vector(direction);
    return x.mul(d).sum(-1).unsqueeze(-1).mul(d).div(d.square().sum(0));
  }

  @Test
  void directionsAreAddedProjectedOutAndPatched() {
    requireEqual(
        Site.head(Z, 3),
        new Change.Add(NARROW, 0.5),
        z -> z.withSelect(2, 3, z.select(2, 3).add(vector(NARROW).mul(0.5))));
    requireEqual(Site.of(RESID), new Change.ProjectOut(WIDE), x -> x.sub(along(x, WIDE)));
    requireEqual(
        Site.of(RESID),
        new Change.PatchAlong(WIDE),
        x -> x.sub(along(x, WIDE)).add(along(clean(RESID), WIDE)));
  }

  @Test
  void meansOverEverythingAndByTemplate() {
    requireEqual(
        Site.head(Z, 2),
        new Change.Mean(Over.EVERYTHING),
        z -> z.withSelect(2, 2, clean(Z).select(2, 2).mean(0, 1).reshape(1, 1, 6).expand(4, 6, 6)));
    requireEqual(
        Site.of(RESID).at(At.END),
        new Change.Mean(Over.TEMPLATE_AND_POSITION),
        x -> x.withSelect(1, 5, byTemplate(clean(RESID)).select(1, 5)));
    requireEqual(
        Site.head(PATTERN, 0),
        new Change.Mean(Over.TEMPLATE_AND_POSITION),
        x -> x.withSelect(1, 0, byTemplate(clean(PATTERN)).select(1, 0)));
  }

  // Rows 0 and 2 are of one template, 1 and 3 of the other.
  private static Tensor byTemplate(Tensor x) {
    var a = x.indexSelect(0, 0, 2).mean(0);
    var b = x.indexSelect(0, 1, 3).mean(0);
    return Tensors.stack(0, List.of(a, b, a, b));
  }

  @Test
  void meansMayBeOverOtherPrompts() {
    var other = RandomModels.tokens(MODEL.config(), 8, PaddingSide.LEFT, 7, 2);
    var reference = new PromptPairs(other, other, ANSWERS.rows(0, 1), Map.of(), List.of("a", "b"));
    var site = Site.of(RESID).at(At.index(1));
    var cells =
        Stream.of(Over.values()).map(over -> List.of(Intervention.mean(site, over))).toList();
    var result = run(sweep(even(), cells).meansOver(reference));
    try (var _ = TensorScope.open()) {
      var own = of(other, RESID);
      var second = own.select(0, 1).narrow(0, 5, 2);
      var mean = Tensors.cat(0, List.of(own.select(0, 0), second)).mean(0);
      var a = own.select(0, 0).select(0, 1);
      var b = second.select(0, 1);
      requireEqualAt1(result, 0, List.of(mean, mean, mean, mean));
      requireEqualAt1(result, 1, List.of(a, b, a, b));
    }
    assertThatThrownBy(() ->
            run(
                sweep(
                        even(),
                        List.of(
                            List.of(
                                Intervention.mean(site.at(At.END), Over.TEMPLATE_AND_POSITION))))
                    .meansOver(reference)))
        .hasMessageContaining("none of template \"b\" with a token at position 5");
  }

  private static void requireEqualAt1(SweepResult result, int cell, List<Tensor> values) {
    var hooks = Hooks.none().replace(RESID, (x, _) -> x.withSelect(1, 1, Tensors.stack(0, values)));
    var logits = MODEL.runWithHooks(even().corrupted(), hooks).select(1, 5);
    assertThat(result.byPrompt(cell))
        .containsExactly(METRIC.ofLogits(logits, ANSWERS), within(1e-12));
  }

  @Test
  void resampleTakesAnotherPromptOfTheSameLength() {
    int[] partners = Resampling.partners(even().clean(), 5);
    requireEqual(
        Site.head(Z, 2),
        new Change.Resample(5),
        z ->
            z.withSelect(
                2,
                2,
                clean(Z)
                    .indexSelect(0, IntStream.of(partners).asLongStream().toArray())
                    .select(2, 2)));
    var uneven = RandomModels.tokens(MODEL.config(), 2, PaddingSide.LEFT, 5, 3, 5, 4, 3, 5);
    for (long seed = 0; seed < 20; seed++) {
      int[] found = Resampling.partners(uneven, seed);
      assertThat(found)
          .isEqualTo(Resampling.partners(uneven, seed))
          .containsOnlyOnce(0, 1, 2, 3, 4, 5);
      for (int row = 0; row < 6; row++) {
        assertThat(uneven.row(found[row])).hasSameSizeAs(uneven.row(row));
        assertThat(found[row] == row).isEqualTo(row == 3);
      }
    }
    assertThat(Resampling.partners(uneven, 0)).isNotEqualTo(Resampling.partners(uneven, 1));
  }

  @Test
  void aFunctionGetsThePartAndChangesTheChosenPositionsOnly() {
    var shapes = new ArrayList<String>();
    var custom =
        new Change.Custom(
            "cube",
            x -> {
              shapes.add(x.describe());
              return x.pow(3);
            });
    requireEqual(
        Site.head(Z, 2).at(At.index(1)),
        custom,
        z ->
            z.withSelect(
                1, 1, z.select(1, 1).withSelect(1, 2, z.select(1, 1).select(1, 2).pow(3))));
    requireEqual(
        Site.neuron(HookPoint.mlpPost(1), 4),
        custom,
        x -> x.withSelect(2, 4, x.select(2, 4).pow(3)));
    requireEqual(Site.head(PATTERN, 2), custom, x -> x.withSelect(1, 2, x.select(1, 2).pow(3)));
    try (var _ = TensorScope.open()) {
      assertThat(shapes)
          .containsExactly(
              Tensors.zeros(DType.F64, 4, 6, 6).describe(),
              Tensors.zeros(DType.F64, 4, 6, 1).describe(),
              Tensors.zeros(DType.F64, 4, 6, 6).describe());
    }
    assertThatThrownBy(() ->
            requireEqual(Site.of(RESID), new Change.Custom("cut", x -> x.select(2, 0)), x -> x))
        .hasMessageContaining("cut returned")
        .hasMessageContaining("expected");
  }

  @Test
  void noChangeLetsADestinationSeeALaterToken() {
    requireEqual(
        Site.head(SCORES, 1),
        new Change.Zero(),
        x -> {
          var later = Tensors.full(1, x.dtype(), 6, 6).triu(1).gt(Tensors.zeros(x.dtype(), 1));
          var uniform =
              Tensors.zeros(x.dtype(), 4, 6, 6).maskedFill(later, Double.NEGATIVE_INFINITY);
          return x.withSelect(1, 1, uniform);
        });
    requireEqual(
        Site.head(PATTERN, 1),
        new Change.Custom("ones", x -> x.mul(0).add(1)),
        x -> x.withSelect(1, 1, x.select(1, 1).mul(0).add(1).tril(0)));
  }

  @Test
  void interventionsOfACellApplyInTheirOrder() {
    var site = Site.of(RESID);
    var add = new Intervention(site, new Change.Add(WIDE, 2));
    var scale = new Intervention(site, new Change.Scale(0.5));
    requireEqual(
        List.of(add, scale),
        Hooks.none().replace(RESID, (x, _) -> x.add(vector(WIDE).mul(2)).mul(0.5)));
    requireEqual(
        List.of(scale, add),
        Hooks.none().replace(RESID, (x, _) -> x.mul(0.5).add(vector(WIDE).mul(2))));
  }

  @Test
  void noisingTakesCorruptedValuesIntoTheCleanRun() {
    var pairs = even();
    var cells = List.of(List.of(Intervention.patch(Site.of(RESID))), List.<Intervention>of());
    var denoising = sweep(pairs, cells);
    var noising = run(new Sweep(denoising.grid(), pairs, PatchDirection.NOISING, METRIC, pairs));
    var found = run(denoising);
    assertThat(noising.byPrompt(0)).containsExactly(noising.corruptedByPrompt(), within(1e-12));
    assertThat(noising.byPrompt(1)).containsExactly(noising.cleanByPrompt(), within(1e-12));
    assertThat(found.byPrompt(0)).containsExactly(found.cleanByPrompt(), within(1e-12));
    assertThat(found.byPrompt(1)).containsExactly(found.corruptedByPrompt(), within(1e-12));
    try (var _ = TensorScope.open()) {
      double[] clean = METRIC.ofLogits(MODEL.run(pairs.clean()).select(1, 5), ANSWERS);
      assertThat(found.cleanByPrompt()).containsExactly(clean, within(1e-12));
      assertThat(noising.cleanByPrompt()).containsExactly(clean, within(1e-12));
    }
  }

  // ---- Metrics

  @ParameterizedTest
  @EnumSource(StandardMetric.class)
  void everyMetricIsThatOfTheWholeRun(StandardMetric metric) {
    var pairs = even();
    var grid =
        Grid.of(Axis.numbered("cell", 1), List.of(List.of(Intervention.zero(Site.of(RESID)))));
    var result = run(Sweep.of(grid, pairs, PatchDirection.NOISING, metric));
    if (metric.reads() == Metric.Reads.EVERY) {
      assertThat(result.clean().mean()).isCloseTo(MODEL.loss(pairs.clean()), within(1e-12));
      assertThat(result.corrupted().mean()).isCloseTo(MODEL.loss(pairs.corrupted()), within(1e-12));
    } else if (metric == StandardMetric.KL_DIVERGENCE) {
      assertThat(result.cleanByPrompt()).containsOnly(0);
      assertThat(result.corruptedByPrompt())
          .satisfies(each -> assertThat(DoubleStream.of(each).min().orElseThrow()).isPositive());
    } else {
      try (var _ = TensorScope.open()) {
        var hooks = Hooks.none().replace(RESID, (x, _) -> x.mul(0));
        var logits = MODEL.runWithHooks(pairs.clean(), hooks).select(1, 5);
        assertThat(result.byPrompt(0))
            .containsExactly(metric.ofLogits(logits, ANSWERS), within(1e-12));
      }
    }
  }

  // ---- What it refuses

  @Test
  void refusesWhatDoesNotSuit() {
    requireRefused(Intervention.patch(Site.of(HookPoint.z(3))), "layers 0 to 2");
    requireRefused(Intervention.patch(Site.head(Z, 4)), "H4 of " + Z);
    requireRefused(Intervention.patch(Site.of(RESID).at(At.named("S2"))), "no position S2 here");
    requireRefused(
        Intervention.patch(Site.of(RESID).at(At.index(6))), "longest prompt has positions 0 to 5");
    requireRefused(new Intervention(Site.of(Z), new Change.Add(WIDE, 1)), "truth of 10 numbers");
    requireRefused(
        new Intervention(Site.of(PATTERN), new Change.ProjectOut(NARROW)), "for each source");
    assertThatThrownBy(() -> Intervention.mean(Site.of(PATTERN), Over.EVERYTHING))
        .hasMessageContaining("by template and position");
    var scale = Site.of(HookPoint.of(Kind.LN_FINAL_SCALE));
    requireRefused(Intervention.zero(scale), "divided by 0");
    requireRefused(new Intervention(scale, new Change.Scale(0)), "divided by 0");
    var nan = new Intervention(scale, new Change.Custom("nan", x -> x.mul(0).div(0)));
    assertThatThrownBy(() -> run(sweep(even(), List.of(List.of(nan)))))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("logit difference of cell [0] is not a number for prompt 0");
  }

  private static void requireRefused(Intervention intervention, String message) {
    assertThatThrownBy(() -> run(sweep(even(), List.of(List.of(), List.of(intervention)))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void anInterruptEndsIt() {
    var cells = List.of(List.<Intervention>of(), List.<Intervention>of(), List.<Intervention>of());
    assertThatThrownBy(() ->
            NaiveSweep.run(
                sweep(even(), cells),
                MODEL,
                (done, total) -> {
                  if (done == 2) {
                    Thread.currentThread().interrupt();
                  }
                }))
        .isInstanceOf(CancellationException.class)
        .hasMessageContaining("2 of 3");
    assertThat(Thread.interrupted()).isTrue();
  }
}
