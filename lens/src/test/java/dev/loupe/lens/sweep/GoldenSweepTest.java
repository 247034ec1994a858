package dev.loupe.lens.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.lens.Answers;
import dev.loupe.lens.At;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Site;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.Golden;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.tensor.DType;
import dev.loupe.tensor.TensorScope;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GoldenSweepTest {
  @ParameterizedTest
  @ValueSource(strings = {"gpt2-tiny", "neox-tiny", "neox-rot4", "rms-gqa-tiny", "rms-mha-tiny"})
  void equalsTheReference(String name) {
    try (var golden = Golden.load(name, Golden.processing("processed"), DType.F64);
        var _ = TensorScope.open();
        var expected = golden.open("processed/patching.f64.safetensors")) {
      var config = golden.model().config();
      var pairs =
          PromptPairs.of(
              golden.tokens(),
              golden.corruptedTokens(),
              Answers.of(golden.ids("answer_tokens"), golden.ids("wrong_tokens")));
      var names =
          Map.of("out", Kind.Z, "q", Kind.Q, "k", Kind.K, "v", Kind.V, "pattern", Kind.PATTERN);
      names.forEach((site, kind) -> {
        int heads = kind == Kind.K || kind == Kind.V ? config.nKeyValueHeads() : config.nHeads();
        var grid =
            Grid.of(
                List.of(
                    Axis.numbered("layer", config.nLayers()),
                    Axis.numbered("position", golden.tokens().length()),
                    Axis.numbered("head", heads)),
                at ->
                    List.of(
                        Intervention.patch(
                            Site.head(new HookPoint(kind, at.get(0)), at.get(2))
                                .at(At.index(at.get(1))))));
        var sweep =
            Sweep.of(grid, pairs, PatchDirection.DENOISING, StandardMetric.LOGIT_DIFFERENCE);
        var found = sweep.run(golden.model(), SweepOptions.standard(), Progress.none());
        var tensor = expected.get("get_act_patch_attn_head_" + site + "_by_pos");
        if (kind == Kind.PATTERN) {
          tensor = tensor.permute(0, 2, 1);
        }
        double[] values = tensor.contiguous().toDoubles();
        assertThat(values).hasSize(grid.size());
        for (int i = 0; i < values.length; i++) {
          assertThat(found.value(i).mean())
              .as(site + grid.labels(i))
              .isCloseTo(values[i], within(2e-5));
        }
      });
    }
  }
}
