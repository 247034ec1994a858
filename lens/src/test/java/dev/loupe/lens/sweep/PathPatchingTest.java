package dev.loupe.lens.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.lens.Answers;
import dev.loupe.lens.At;
import dev.loupe.lens.Head;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Site;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.sweep.PathPatching.Recompute;
import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.RandomModels;
import dev.loupe.model.Tokens;
import dev.loupe.model.WeightProcessing;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class PathPatchingTest {
  // Alike at the last token, so that only what attention brings there differs.
  private static final PromptPairs PROMPTS =
      PromptPairs.of(
          Tokens.of(new long[] {3, 5, 2, 8, 1}, new long[] {4, 4, 9, 7, 6}),
          Tokens.of(new long[] {3, 6, 2, 9, 1}, new long[] {1, 4, 8, 7, 6}),
          Answers.of(new long[] {1, 4}, new long[] {2, 5}));
  private static final SweepOptions OPTIONS = SweepOptions.standard().withThreads(2);

  private static HookedTransformer model(String family) {
    return RandomModels.model(RandomModels.family(family), 1, WeightProcessing.standard());
  }

  private static PathPatching noising(PathPatching.Builder builder) {
    return builder.noising(PROMPTS, StandardMetric.LOGIT_DIFFERENCE);
  }

  private static boolean changes(HookedTransformer model, Site sender, Receiver receiver) {
    var edge = PathPatching.edge(sender, receiver).recomputing(Recompute.values());
    var result = noising(edge).run(model, OPTIONS, Progress.none());
    boolean same = true;
    for (int prompt = 0; prompt < PROMPTS.size(); prompt++) {
      same &= result.byPrompt(0)[prompt] == result.cleanByPrompt()[prompt];
    }
    return !same;
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gpt_neox", "llama"})
  void aSenderReachesOnlyWhatIsComputedAfterIt(String family) {
    try (var model = model(family)) {
      var head = Site.z(new Head(1, 2));
      for (int layer = 0; layer < 3; layer++) {
        assertThat(changes(model, head, Receiver.q(new Head(layer, 1)))).isEqualTo(layer > 1);
        assertThat(changes(model, head, Receiver.k(new Head(layer, 0)))).isEqualTo(layer > 1);
        assertThat(changes(model, head, Receiver.v(new Head(layer, 0)))).isEqualTo(layer > 1);
        boolean parallel = model.config().parallelBlocks();
        assertThat(changes(model, head, Receiver.mlp(layer)))
            .isEqualTo(parallel ? layer > 1 : layer >= 1);
        assertThat(changes(model, PathPatching.mlp(1), Receiver.mlp(layer))).isEqualTo(layer > 1);
      }
      assertThat(changes(model, head, Receiver.finalResidual())).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gpt_neox", "llama"})
  void theEdgeToTheLogitsAddsWhatTheSenderWrites(String family) {
    try (var model = model(family);
        var _ = TensorScope.open()) {
      var head = new Head(0, 3);
      var edge = noising(PathPatching.edge(Site.z(head), Receiver.finalResidual()));
      var result = edge.run(model, OPTIONS, Progress.none());
      var difference =
          atEnd(model, PROMPTS.corrupted(), Kind.Z, 0)
              .sub(atEnd(model, PROMPTS.clean(), Kind.Z, 0))
              .select(1, head.index());
      var written = difference.matmul(model.weights().blocks().get(0).wO().select(0, 3));
      var scale = atEnd(model, PROMPTS.clean(), Kind.LN_FINAL_SCALE, -1);
      var answers = model.weights().wU().indexSelect(1, 1, 4);
      var wrong = model.weights().wU().indexSelect(1, 2, 5);
      // Folded weights are centred: what the norm takes away is 0.
      var logits = written.div(scale).matmul(answers.sub(wrong));
      for (int prompt = 0; prompt < PROMPTS.size(); prompt++) {
        double expected =
            result.cleanByPrompt()[prompt] + logits.select(0, prompt).select(0, prompt).item();
        assertThat(result.byPrompt(0)[prompt]).isCloseTo(expected, within(1e-9));
      }
    }
  }

  private static Tensor atEnd(HookedTransformer model, Tokens tokens, Kind kind, int layer) {
    var point = new HookPoint(kind, layer);
    return model
        .runWithCache(tokens, CacheFilter.only(point).atLast())
        .cache()
        .get(point)
        .squeeze(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gpt_neo", "gpt_neox", "llama", "mistral"})
  void allSendersTogetherMakeTheOtherRun(String family) {
    try (var model = model(family)) {
      var all = new ArrayList<Intervention>();
      for (var grid :
          List.of(
              PathPatching.heads(model.config(), At.END),
              PathPatching.mlps(model.config(), At.END))) {
        for (int cell = 0; cell < grid.size(); cell++) {
          all.addAll(grid.cell(cell));
        }
      }
      var one = Grid.of(Axis.numbered("all", 1), List.of(all));
      for (var recompute :
          List.of(Set.of(Recompute.NORMS), Set.of(Recompute.MLPS, Recompute.NORMS))) {
        var builder =
            PathPatching.from(one)
                .to(Receiver.finalResidual())
                .recomputing(recompute.toArray(Recompute[]::new));
        for (var direction : PatchDirection.values()) {
          var patching =
              direction == PatchDirection.NOISING
                  ? noising(builder)
                  : builder.denoising(PROMPTS, StandardMetric.LOGIT_DIFFERENCE);
          var result = patching.run(model, OPTIONS, Progress.none());
          double[] other =
              direction == PatchDirection.NOISING
                  ? result.corruptedByPrompt()
                  : result.cleanByPrompt();
          for (int prompt = 0; prompt < PROMPTS.size(); prompt++) {
            assertThat(result.byPrompt(0)[prompt]).isCloseTo(other[prompt], within(1e-9));
          }
        }
      }
    }
  }

  @Test
  void everyHeadOfASmallBoundEqualsTheNaiveGrid() {
    try (var model = model("gpt2")) {
      var patching =
          noising(
              PathPatching.from(PathPatching.heads(model.config(), At.END))
                  .to(Receiver.q(new Head(2, 1)).at(At.END), Receiver.q(new Head(2, 3))));
      var found = patching.run(model, OPTIONS.withMemory(1 << 20), Progress.none());
      var expected = NaivePathPatching.run(patching, model, Progress.none());
      assertThat(found.axes()).extracting(Axis::name).containsExactly("layer", "head");
      for (int cell = 0; cell < found.size(); cell++) {
        assertThat(found.byPrompt(cell)).containsExactly(expected.byPrompt(cell), within(1e-10));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(StandardMetric.class)
  void cleanAndCorruptedAreThoseOfASweep(StandardMetric metric) {
    try (var model = model("gpt2")) {
      var builder = PathPatching.edge(Site.z(new Head(0, 1)), Receiver.mlp(2));
      for (var patching :
          List.of(builder.noising(PROMPTS, metric), builder.denoising(PROMPTS, metric))) {
        var sweep = patching.sweep().run(model, OPTIONS, Progress.none());
        for (var found :
            List.of(
                patching.run(model, OPTIONS, Progress.none()),
                NaivePathPatching.run(patching, model, Progress.none()))) {
          assertThat(found.cleanByPrompt()).containsExactly(sweep.cleanByPrompt(), within(1e-10));
          assertThat(found.corruptedByPrompt())
              .containsExactly(sweep.corruptedByPrompt(), within(1e-10));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4})
  void rotationsThatGoByTheLengthAreThoseOfTheWholePrompt(int trained) {
    var config = RandomModels.dynamic(trained);
    try (var model = RandomModels.model(config, 1, WeightProcessing.none())) {
      var patching =
          noising(
              PathPatching.from(PathPatching.heads(config, At.range(3, 4)))
                  .to(Receiver.q(new Head(2, 1)), Receiver.mlp(1)));
      var found = patching.run(model, OPTIONS, Progress.none());
      var expected = NaivePathPatching.run(patching, model, Progress.none());
      for (int cell = 0; cell < found.size(); cell++) {
        assertThat(found.byPrompt(cell)).containsExactly(expected.byPrompt(cell), within(1e-10));
      }
    }
  }

  @Test
  void aFolderHoldsOnePathPatchingOnly(@TempDir Path folder) {
    try (var model = model("gpt2")) {
      var heads = PathPatching.heads(model.config(), At.END);
      var first = noising(PathPatching.from(heads).to(Receiver.finalResidual()));
      var done = first.run(model, OPTIONS.in(folder), Progress.none());
      var again = first.run(model, OPTIONS.in(folder), Progress.none());
      for (int cell = 0; cell < done.size(); cell++) {
        assertThat(again.byPrompt(cell)).containsExactly(done.byPrompt(cell));
      }
      var other = noising(PathPatching.from(heads).to(Receiver.mlp(2)));
      assertThatThrownBy(() -> other.run(model, OPTIONS.in(folder), Progress.none()))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void anInterruptionEndsItAndIsRemembered() {
    try (var model = model("gpt2")) {
      var heads = PathPatching.heads(model.config(), At.END);
      var patching = noising(PathPatching.from(heads).to(Receiver.finalResidual()));
      Thread.currentThread().interrupt();
      try {
        assertThatThrownBy(() -> patching.run(model, OPTIONS, Progress.none()))
            .isInstanceOf(SweepInterruptedException.class);
      } finally {
        assertThat(Thread.interrupted()).isTrue();
      }
    }
  }

  @Test
  void refusesWhatCannotSendOrReceive() {
    try (var model = model("llama")) {
      var heads = PathPatching.heads(model.config(), At.END);
      assertThatThrownBy(() -> noising(PathPatching.from(heads)))
          .hasMessageContaining("no receivers");
      var residual = PathPatching.edge(Site.of(HookPoint.residPre(1)), Receiver.mlp(2));
      assertThatThrownBy(() -> noising(residual)).hasMessageContaining("hook_resid_pre");
      var zero =
          Grid.of(
              Axis.numbered("cell", 1),
              List.of(List.of(Intervention.zero(Site.z(new Head(0, 0))))));
      assertThatThrownBy(() -> noising(PathPatching.from(zero).to(Receiver.mlp(2))))
          .hasMessageContaining("Zero");
      // 4 heads share 2 key and value heads.
      for (var receiver :
          List.of(Receiver.k(new Head(1, 2)), Receiver.q(new Head(1, 4)), Receiver.mlp(3))) {
        var patching = noising(PathPatching.from(heads).to(receiver));
        assertThatThrownBy(() -> patching.run(model, OPTIONS, Progress.none()))
            .hasMessageContaining(receiver + ": this model has layers 0 to 2");
        assertThatThrownBy(() -> NaivePathPatching.run(patching, model, Progress.none()))
            .hasMessageContaining(receiver + ": this model has layers 0 to 2");
      }
    }
  }
}
