package dev.loupe.lens.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.lens.ActivationDirection;
import dev.loupe.lens.Answers;
import dev.loupe.lens.At;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.Golden;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.tensor.DType;
import dev.loupe.tensor.SafeTensors;
import dev.loupe.tensor.TensorScope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PatchingTest {
  private static PromptPairs pairs(Golden golden) {
    var answers = Answers.of(golden.ids("answer_tokens"), golden.ids("wrong_tokens"));
    return PromptPairs.of(golden.tokens(), golden.corruptedTokens(), answers);
  }

  private static Map<String, Grid> small(Patching patching) {
    var grids = new LinkedHashMap<String, Grid>();
    grids.put("resid_pre", patching.getActPatchResidPre());
    if (!patching.config().parallelBlocks()) {
      grids.put("resid_mid", patching.getActPatchResidMid());
    }
    grids.put("attn_out", patching.getActPatchAttnOut());
    grids.put("mlp_out", patching.getActPatchMlpOut());
    grids.put("attn_head_out_all_pos", patching.getActPatchAttnHeadOutAllPos());
    grids.put("attn_head_q_all_pos", patching.getActPatchAttnHeadQAllPos());
    grids.put("attn_head_k_all_pos", patching.getActPatchAttnHeadKAllPos());
    grids.put("attn_head_v_all_pos", patching.getActPatchAttnHeadVAllPos());
    grids.put("attn_head_pattern_all_pos", patching.getActPatchAttnHeadPatternAllPos());
    grids.put("attn_head_all_pos_every", patching.getActPatchAttnHeadAllPosEvery());
    return grids;
  }

  private static Map<String, Grid> large(Patching patching) {
    var grids = new LinkedHashMap<String, Grid>();
    grids.put("block_every", patching.getActPatchBlockEvery());
    grids.put("attn_head_out_by_pos", patching.getActPatchAttnHeadOutByPos());
    grids.put("attn_head_q_by_pos", patching.getActPatchAttnHeadQByPos());
    grids.put("attn_head_k_by_pos", patching.getActPatchAttnHeadKByPos());
    grids.put("attn_head_v_by_pos", patching.getActPatchAttnHeadVByPos());
    grids.put("attn_head_pattern_by_pos", patching.getActPatchAttnHeadPatternByPos());
    grids.put("attn_head_by_pos_every", patching.getActPatchAttnHeadByPosEvery());
    grids.put("attn_head_pattern_dest_src_pos", patching.getActPatchAttnHeadPatternDestSrcPos());
    return grids;
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2-tiny", "neox-tiny", "neox-rot4", "rms-gqa-tiny", "rms-mha-tiny"})
  void everyGridIsThatOfTransformerLens(String name) {
    for (var processing : List.of("unprocessed", "processed")) {
      try (var golden = Golden.load(name, Golden.processing(processing), DType.F64)) {
        var patching = new Patching(golden.model().config(), pairs(golden));
        requireEqual(golden, processing, small(patching), 2e-6);
        requireEqual(golden, processing, large(patching), 2e-6);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2-tiny", "neox-tiny", "neox-rot4", "rms-gqa-tiny", "rms-mha-tiny"})
  void soAreThoseOfSinglePrecision(String name) {
    for (var processing : List.of("unprocessed", "processed")) {
      try (var golden = Golden.load(name, Golden.processing(processing), DType.F32)) {
        var patching = new Patching(golden.model().config(), pairs(golden));
        requireEqual(golden, processing, small(patching), 1e-4);
      }
    }
  }

  private static void requireEqual(
      Golden golden, String processing, Map<String, Grid> grids, double tolerance) {
    try (var expected = golden.open(processing + "/patching.f64.safetensors")) {
      grids.forEach((name, grid) -> requireEqual(golden, expected, name, grid, tolerance));
    }
  }

  private static void requireEqual(
      Golden golden, SafeTensors expected, String name, Grid grid, double tolerance) {
    var sweep =
        Sweep.of(grid, pairs(golden), PatchDirection.DENOISING, StandardMetric.LOGIT_DIFFERENCE);
    var result = NaiveSweep.run(sweep, golden.model(), Progress.none());
    try (var _ = TensorScope.open()) {
      var values = expected.get("get_act_patch_" + name);
      assertThat(grid.axes().stream().mapToLong(Axis::size).toArray())
          .as(name)
          .isEqualTo(values.shape());
      double[] cells = values.toDoubles();
      for (int cell = 0; cell < cells.length; cell++) {
        var where = name + " " + grid.labels(cell);
        if (grid.cell(cell).isEmpty()) {
          // The reference fills up with 0 what grouped keys and values have not.
          assertThat(cells[cell]).as(where).isZero();
          assertThat(result.value(cell)).as(where).isEqualTo(result.corrupted());
        } else {
          double margin = tolerance * Math.max(1, Math.abs(cells[cell]));
          assertThat(result.value(cell).mean()).as(where).isCloseTo(cells[cell], within(margin));
        }
      }
    }
  }

  @Test
  void gridsOfOtherPartsAreAsCells() {
    try (var golden = Golden.load("gpt2-tiny", Golden.processing("processed"), DType.F64)) {
      var patching = new Patching(golden.model().config(), pairs(golden));
      assertThat(said(patching.heads(Kind.Z, At.END), 5)).isEqualTo("patch z of L1H1 at END");
      assertThat(said(patching.layers(Kind.RESID_PRE, At.index(3)), 1))
          .isEqualTo("patch resid_pre of layer 1 at position 3");
      var neurons = patching.neurons(At.END);
      assertThat(neurons.axes().getLast())
          .isEqualTo(Axis.numbered("neuron", golden.model().config().dMlp()));
      assertThat(said(neurons, 7)).isEqualTo("patch mlp_post of L0N7 at END");
      var truth = new ActivationDirection("truth", List.of(1.0, 2.0));
      var lie = new ActivationDirection("lie", List.of(1.0, -2.0));
      assertThat(said(patching.residPreAlong(truth), 10))
          .isEqualTo("patch resid_pre of layer 1 at position 1 along truth");
      var both = patching.residPreAlong(List.of(truth, lie), At.END);
      assertThat(both.labels(3)).containsExactly("1", "lie");
      assertThat(said(both, 3)).isEqualTo("patch resid_pre of layer 1 at END along lie");
      assertThatThrownBy(() -> patching.heads(Kind.MLP_OUT, At.END))
          .hasMessageContaining("blocks.0.hook_mlp_out has no heads");
      assertThatThrownBy(() -> patching.layers(Kind.EMBED, At.END))
          .hasMessageContaining("hook_embed stands outside the blocks");
    }
    try (var golden = Golden.load("neox-tiny", Golden.processing("processed"), DType.F64)) {
      var patching = new Patching(golden.model().config(), pairs(golden));
      assertThatThrownBy(patching::getActPatchResidMid)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("run in parallel");
    }
  }

  private static String said(Grid grid, int cell) {
    return grid.cell(cell).getFirst().toString();
  }
}
