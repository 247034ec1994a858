package dev.loupe.lens.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.lens.At;
import dev.loupe.lens.Change;
import dev.loupe.lens.Head;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Site;
import dev.loupe.lens.attribution.Attribution;
import dev.loupe.lens.attribution.DirectAttribution;
import dev.loupe.lens.logitlens.LogitLens;
import dev.loupe.lens.logitlens.LogitLensOptions;
import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.PaddingSide;
import dev.loupe.model.RandomModels;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class InterventionRunTest {
  private static final List<Intervention> SOME =
      List.of(
          Intervention.zero(Site.z(new Head(0, 1)).at(At.END)),
          Intervention.patch(Site.of(HookPoint.mlpOut(1)).at(At.index(2))),
          Intervention.mean(Site.z(new Head(1, 2)), Change.Over.EVERYTHING),
          Intervention.mean(
              Site.of(HookPoint.residPre(2)).at(At.named("S")), Change.Over.TEMPLATE_AND_POSITION),
          new Intervention(Site.head(HookPoint.pattern(2), 0), new Change.Scale(.5)),
          new Intervention(Site.z(new Head(2, 3)), new Change.Freeze()));

  static Stream<String> families() {
    return RandomModels.families().stream().map(config -> config.family());
  }

  private static InterventionRun of(
      HookedTransformer model, PromptPairs pairs, PatchDirection direction) {
    return InterventionRun.of(
        model,
        pairs,
        direction,
        model.runWithCache(pairs.clean(), CacheFilter.all()),
        model.runWithCache(pairs.corrupted(), CacheFilter.all()));
  }

  private static double[] differences(Tensor logits, PromptPairs pairs) {
    var last = logits.select(1, logits.size(1) - 1);
    long vocabulary = last.size(1);
    double[] all = last.toDoubles();
    return IntStream.range(0, pairs.size())
        .mapToDouble(row -> {
          int from = (int) (row * vocabulary);
          return all[from + pairs.answers().right().get(row).getFirst().intValue()]
              - all[from + pairs.answers().wrong().get(row).getFirst().intValue()];
        })
        .toArray();
  }

  @ParameterizedTest
  @EnumSource
  void hasTheMetricOfASweep(PatchDirection direction) {
    var pairs = SweepFixtures.even();
    var grid = Grid.of(Axis.numbered("cell", 1), List.of(SOME));
    try (var model = SweepFixtures.model("gpt2");
        var _ = TensorScope.open()) {
      var logits = of(model, pairs, direction).run(SOME, CacheFilter.none()).output();
      var swept =
          Sweep.of(grid, pairs, direction, SweepFixtures.METRIC)
              .run(model, SweepOptions.standard(), Progress.none());

      assertThat(differences(logits, pairs)).containsExactly(swept.byPrompt(0), within(1e-5));
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void isAttributedAndReadAsItRan(String family) {
    var pairs = SweepFixtures.even();
    var zero = List.of(Intervention.zero(Site.z(new Head(1, 2))));
    try (var model = SweepFixtures.model(family);
        var _ = TensorScope.open()) {
      var ran = of(model, pairs, PatchDirection.NOISING).run(zero, CacheFilter.all());
      double[] logits = differences(ran.output(), pairs);
      var attribution = DirectAttribution.of(model, pairs);
      var byHead = attribution.byHead(ran.cache());
      double mean = IntStream.range(0, 4).mapToDouble(i -> logits[i]).average().orElseThrow();

      for (var each : List.of(attribution.byLayer(ran.cache()), byHead)) {
        assertThat(each.total().mean()).isCloseTo(mean, within(1e-4));
        assertThat(each.parts().stream().mapToDouble(part -> part.value().mean()).sum())
            .isCloseTo(mean, within(1e-4));
      }
      assertThat(byHead.byHead()[1][2]).isZero();

      long[] prompt = pairs.clean().row(0);
      var lens = new LogitLens(model, LogitLensOptions.standard());
      var alone = model.runWithCache(Tokens.of(prompt), CacheFilter.all());
      assertThat(lens.grid(prompt, alone.cache(), List.of(At.all()), 2, 5L))
          .usingRecursiveComparison()
          .withComparatorForType(
              (a, b) -> Math.abs(a - b) < 1e-9 ? 0 : Double.compare(a, b), Double.class)
          .isEqualTo(lens.grid(prompt, List.of(At.all()), 2, 5L));
      var first = lens.grid(prompt, ran.cache().batch(0), List.of(At.END), 1, 1L, 2L);
      assertThat(first.at("final_post", 5).logitDifference(1, 2))
          .isCloseTo(logits[0], within(1e-4));
    }
  }

  @Test
  void attributesARunAsItDoesItsOwn() {
    var pairs = SweepFixtures.even();
    try (var model = SweepFixtures.model("gpt2");
        var _ = TensorScope.open()) {
      var cache = model.runWithCache(pairs.clean(), CacheFilter.all()).cache();
      var attribution = DirectAttribution.of(model, pairs);
      assertThat(means(attribution.byLayer(cache)))
          .containsExactly(means(attribution.byLayer(Progress.none())), within(1e-6));
      assertThat(means(attribution.byHead(cache)))
          .containsExactly(means(attribution.byHead(Progress.none())), within(1e-6));
    }
  }

  private static double[] means(Attribution attribution) {
    return attribution.parts().stream().mapToDouble(part -> part.value().mean()).toArray();
  }

  @Test
  void saysWhatDoesNotFit() {
    var pairs = SweepFixtures.even();
    var far = List.of(Intervention.zero(Site.z(new Head(9, 0))));
    var patch = List.of(Intervention.patch(Site.of(HookPoint.mlpOut(1))));
    try (var model = SweepFixtures.model("gpt2");
        var _ = TensorScope.open()) {
      var none = model.runWithCache(pairs.clean(), CacheFilter.none());
      var run = InterventionRun.of(model, pairs, PatchDirection.NOISING, none, none);
      assertThatThrownBy(() -> run.run(far, CacheFilter.none()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("9");
      assertThatThrownBy(() -> run.run(patch, CacheFilter.none()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("blocks.1.hook_mlp_out");

      var uneven = SweepFixtures.pairs(PaddingSide.RIGHT, 6, 4, 5, 6);
      var ran = model.runWithCache(uneven.clean(), CacheFilter.all());
      assertThatThrownBy(() -> DirectAttribution.of(model, uneven).byLayer(ran.cache()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("one length");
    }
  }
}
