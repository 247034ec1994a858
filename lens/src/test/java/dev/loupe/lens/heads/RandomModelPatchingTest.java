package dev.loupe.lens.heads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.lens.Answers;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Hooks;
import dev.loupe.model.PaddingSide;
import dev.loupe.model.RandomModels;
import dev.loupe.model.Tokens;
import dev.loupe.model.WeightProcessing;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Patching the last token only against plain runs of whole prompts, on models made here. */
class RandomModelPatchingTest {
  private static final int ROWS = 3;
  private static final int LENGTH = 7;

  private static HookedTransformer model(String family) {
    return RandomModels.model(RandomModels.family(family), 1, WeightProcessing.standard());
  }

  private static PromptPairs pairs(HookedTransformer model) {
    return PromptPairs.of(
        tokens(model, 2), tokens(model, 3), Answers.of(new long[] {1, 4, 7}, new long[] {2, 5, 3}));
  }

  private static Tokens tokens(HookedTransformer model, long seed) {
    return RandomModels.tokens(model.config(), seed, PaddingSide.LEFT, LENGTH, LENGTH, LENGTH);
  }

  private static Tensor z(HookedTransformer model, Tokens tokens, int layer) {
    return model
        .runWithCache(tokens, CacheFilter.kinds(Kind.Z))
        .cache()
        .get(HookPoint.z(layer))
        .select(1, -1);
  }

  // z of one head at the last token set to value, [batch, d_head].
  private static Estimate withHead(
      HookedTransformer model, Tokens tokens, Answers answers, Head head, Tensor value) {
    var hooks =
        Hooks.none()
            .replace(
                HookPoint.z(head.layer()),
                (z, at) -> z.withSelect(1, -1, z.select(1, -1).withSelect(1, head.index(), value)));
    return Estimate.of(
        StandardMetric.LOGIT_DIFFERENCE.ofLogits(
            model.runWithHooks(tokens, hooks).select(1, -1), answers));
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gpt_neo", "gpt_neox", "llama", "mistral"})
  void everyHeadRecoversWhatAPlainRunSays(String family) {
    try (var model = model(family);
        var _ = TensorScope.open()) {
      var pairs = pairs(model);
      var effects = new HeadPatching(model, pairs).run(Progress.none());
      double corrupted = effects.corrupted().mean();
      double gap = effects.clean().mean() - corrupted;
      for (int layer = 0; layer < model.config().nLayers(); layer++) {
        var clean = z(model, pairs.clean(), layer);
        for (int index = 0; index < model.config().nHeads(); index++) {
          var head = new Head(layer, index);
          var plain =
              withHead(model, pairs.corrupted(), pairs.answers(), head, clean.select(1, index));
          assertThat(corrupted + effects.recovery(head).mean() * gap)
              .as("%s", head)
              .isCloseTo(plain.mean(), within(1e-9));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gpt_neo", "gpt_neox", "llama", "mistral"})
  void knockingOutEqualsAPlainRunWithTheMean(String family) {
    try (var model = model(family);
        var _ = TensorScope.open()) {
      var pairs = pairs(model);
      var head = new Head(1, 2);
      var mean = z(model, pairs.clean(), 1).select(1, 2).mean(0).unsqueeze(0);
      var plain =
          withHead(
              model,
              pairs.clean(),
              pairs.answers(),
              head,
              mean.expand(ROWS, model.config().dHead()));
      var found = new HeadPatching(model, pairs).knockOut(List.of(head));
      assertThat(found.mean()).isCloseTo(plain.mean(), within(1e-9));
      assertThat(found.standardError()).isCloseTo(plain.standardError(), within(1e-9));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gpt_neo", "gpt_neox", "llama", "mistral"})
  void evidenceEqualsTheSlowComputation(String family) {
    try (var model = model(family);
        var _ = TensorScope.open()) {
      var pairs = pairs(model);
      var effects = new HeadPatching(model, pairs).run(Progress.none());
      var head = new Head(1, 3);
      var evidence =
          new HeadReading(model, pairs, Map.of("IO", new int[] {4, 5, 3}))
              .of(List.of(new HeadEffects.Ranked(head, effects.recovery(head))), effects)
              .getFirst();
      var slow = new SlowEvidence(model, pairs, head, List.of(4, 5, 3));
      double gap = effects.clean().mean() - effects.corrupted().mean();
      assertThat(evidence.attentionTo("IO")).isCloseTo(slow.attention(), within(1e-9));
      assertThat(evidence.ovEffectAt("IO")).isCloseTo(slow.ovEffect(), within(1e-9));
      assertThat(evidence.direct()).isCloseTo(slow.direct() / gap, within(1e-9));
    }
  }
}
