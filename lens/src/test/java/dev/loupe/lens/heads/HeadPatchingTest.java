package dev.loupe.lens.heads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.lens.Answers;
import dev.loupe.lens.DirectLogits;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.CacheFilter;
import dev.loupe.model.Golden;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.Hooks;
import dev.loupe.model.PaddingSide;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.DType;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeadPatchingTest {
  private static Golden load(String name) {
    return Golden.load(name, Golden.processing("processed"), DType.F64);
  }

  private static Answers answers(Golden golden) {
    return Answers.of(golden.ids("answer_tokens"), golden.ids("wrong_tokens"));
  }

  private static PromptPairs pairs(Golden golden) {
    return PromptPairs.of(golden.tokens(), golden.corruptedTokens(), answers(golden));
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2-tiny", "neox-tiny", "neox-rot4", "rms-gqa-tiny", "rms-mha-tiny"})
  void equalsTheReferenceGridAtTheLastPosition(String name) {
    try (var golden = load(name);
        var _ = TensorScope.open();
        var expected = golden.open("processed/patching.f64.safetensors");
        var outputs = golden.open("processed/outputs.f64.safetensors")) {
      var effects = new HeadPatching(golden.model(), pairs(golden)).run(Progress.none());
      double clean = outputs.get("metric_clean").item();
      double corrupted = outputs.get("metric_corrupted").item();
      assertThat(effects.clean().mean()).isCloseTo(clean, within(1e-5));
      assertThat(effects.corrupted().mean()).isCloseTo(corrupted, within(1e-5));
      // [layer, pos, head]
      var grid = expected.get("get_act_patch_attn_head_out_by_pos").select(1, -1);
      for (int layer = 0; layer < grid.size(0); layer++) {
        for (int head = 0; head < grid.size(1); head++) {
          double patched =
              corrupted + effects.recovery(new Head(layer, head)).mean() * (clean - corrupted);
          assertThat(patched)
              .as("L%dH%d", layer, head)
              .isCloseTo(grid.select(0, layer).select(0, head).item(), within(1e-5));
        }
      }
    }
  }

  @Test
  void promptsOfUnequalLengthGiveWhatEachGivesAlone() {
    try (var golden = load("gpt2-tiny");
        var _ = TensorScope.open()) {
      var clean = rows(golden.tokens());
      var corrupted = rows(golden.corruptedTokens());
      for (var side : PaddingSide.values()) {
        var padded =
            new HeadPatching(
                    golden.model(),
                    PromptPairs.of(
                        Tokens.padded(side, 3, clean),
                        Tokens.padded(side, 4, corrupted),
                        answers(golden)))
                .run(Progress.none());
        double gap = padded.clean().mean() - padded.corrupted().mean();
        double sum = 0;
        for (int row = 0; row < clean.size(); row++) {
          var alone =
              new HeadPatching(
                      golden.model(),
                      PromptPairs.of(
                          Tokens.of(clean.get(row)),
                          Tokens.of(corrupted.get(row)),
                          answers(golden).rows(row)))
                  .run(Progress.none());
          sum +=
              alone.recovery(new Head(1, 2)).mean()
                  * (alone.clean().mean() - alone.corrupted().mean());
        }
        assertThat(padded.recovery(new Head(1, 2)).mean() * gap)
            .isCloseTo(sum / clean.size(), within(1e-9));
      }
    }
  }

  // Row r without its first r tokens.
  private static List<long[]> rows(Tokens tokens) {
    var rows = new ArrayList<long[]>();
    for (int row = 0; row < tokens.batch(); row++) {
      rows.add(Arrays.copyOfRange(tokens.row(row), row, tokens.length()));
    }
    return rows;
  }

  @Test
  void knockingOutSetsTheMeanAtTheLastToken() {
    try (var golden = load("gpt2-tiny");
        var _ = TensorScope.open()) {
      var cache = golden.model().runWithCache(golden.tokens(), CacheFilter.kinds(Kind.Z)).cache();
      var mean = cache.get(HookPoint.z(0)).select(1, -1).select(1, 2).mean(0);
      var hooks =
          Hooks.none()
              .replace(
                  HookPoint.z(0),
                  (z, at) -> {
                    var last = z.select(1, -1);
                    var head = mean.unsqueeze(0).expand(3, 8);
                    return z.withSelect(1, -1, last.withSelect(1, 2, head));
                  });
      var logits = golden.model().runWithHooks(golden.tokens(), hooks).select(1, -1);
      var expected = Estimate.of(StandardMetric.LOGIT_DIFFERENCE.ofLogits(logits, answers(golden)));
      var found = new HeadPatching(golden.model(), pairs(golden)).knockOut(List.of(new Head(0, 2)));
      assertThat(found.mean()).isCloseTo(expected.mean(), within(1e-9));
      assertThat(found.standardError()).isCloseTo(expected.standardError(), within(1e-9));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"unprocessed", "processed"})
  void evidenceEqualsTheSlowComputation(String processing) {
    for (var name : List.of("gpt2-tiny", "rms-gqa-tiny")) {
      try (var golden = Golden.load(name, Golden.processing(processing), DType.F64);
          var _ = TensorScope.open()) {
        var pairs = pairs(golden);
        var effects = new HeadPatching(golden.model(), pairs).run(Progress.none());
        var head = new Head(1, 3);
        var evidence =
            new HeadReading(golden.model(), pairs, Map.of("IO", new int[] {2, 4, 1}))
                .of(List.of(new HeadEffects.Ranked(head, effects.recovery(head))), effects)
                .getFirst();
        var slow = new SlowEvidence(golden.model(), pairs, head, List.of(2, 4, 1));
        assertThat(evidence.attentionTo("IO")).isCloseTo(slow.attention(), within(1e-9));
        assertThat(evidence.ovEffectAt("IO")).isCloseTo(slow.ovEffect(), within(1e-9));
        double gap = effects.clean().mean() - effects.corrupted().mean();
        assertThat(evidence.direct()).isCloseTo(slow.direct() / gap, within(1e-9));
      }
    }
  }

  @Test
  void directContributionsOfAllPartsSumToTheLogits() {
    for (var name : List.of("gpt2-tiny", "neox-tiny", "rms-gqa-tiny")) {
      try (var golden = load(name);
          var _ = TensorScope.open()) {
        var run = golden.model().runWithCache(golden.tokens(), CacheFilter.all());
        var cache = run.cache();
        var scale = cache.get(HookPoint.of(Kind.LN_FINAL_SCALE)).select(1, -1);
        var direct = new DirectLogits(golden.model());
        Tensor sum = direct.of(cache.get(Kind.RESID_PRE, 0).select(1, -1), scale, 5, 7);
        for (int layer = 0; layer < golden.model().config().nLayers(); layer++) {
          sum = sum.add(direct.of(cache.get(Kind.ATTN_OUT, layer).select(1, -1), scale, 5, 7));
          sum = sum.add(direct.of(cache.get(Kind.MLP_OUT, layer).select(1, -1), scale, 5, 7));
        }
        var logits = run.output().select(1, -1).sub(golden.model().weights().bU());
        Golden.assertClose(name, sum, logits.indexSelect(1, 5, 7), 1e-9);
      }
    }
  }

  @Test
  void saysWhatItRefuses() {
    assertThatThrownBy(() -> Estimate.of()).hasMessageContaining("at least one");
    assertThat(Estimate.of(2, 4)).isEqualTo(new Estimate(3, 1, 2));
    assertThat(Estimate.of(2).standardError()).isNaN();
    try (var golden = load("gpt2-tiny");
        var _ = TensorScope.open()) {
      var tokens = golden.tokens();
      assertThatThrownBy(
              () -> PromptPairs.of(tokens, Tokens.of(new long[] {1, 2}), answers(golden)))
          .hasMessageContaining("as many of each");
      assertThatThrownBy(() ->
              new HeadPatching(golden.model(), PromptPairs.of(tokens, tokens, answers(golden)))
                  .run(Progress.none()))
          .hasMessageContaining("nothing to recover");
      var patching = new HeadPatching(golden.model(), pairs(golden));
      assertThatThrownBy(() -> patching.knockOut(List.of(new Head(2, 0))))
          .hasMessageContaining("L2H0")
          .hasMessageContaining("layers 0 to 1");
    }
  }

  @Test
  void anInterruptEndsTheSweep() {
    try (var golden = load("gpt2-tiny")) {
      var patching = new HeadPatching(golden.model(), pairs(golden));
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> patching.run(Progress.none()))
          .isInstanceOf(CancellationException.class)
          .hasMessageContaining("interrupted");
      assertThat(Thread.interrupted()).isTrue();
    }
  }
}
