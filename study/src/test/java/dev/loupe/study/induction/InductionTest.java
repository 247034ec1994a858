package dev.loupe.study.induction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.loupe.lens.Answers;
import dev.loupe.lens.At;
import dev.loupe.lens.Change;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Site;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.heads.DetectorOptions;
import dev.loupe.lens.heads.HeadDetector;
import dev.loupe.lens.heads.RepeatedTokens;
import dev.loupe.lens.sweep.Ablation;
import dev.loupe.lens.sweep.SweepOptions;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.RandomModels;
import dev.loupe.model.Run;
import dev.loupe.model.WeightProcessing;
import dev.loupe.study.StudyContext;
import dev.loupe.study.induction.InductionFindings.Halves;
import dev.loupe.tensor.DType;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The study of repeated tokens on random models, against the model's own loss and ablation. */
class InductionTest {
  private static final int LENGTH = 5;
  private static final int SEQUENCES = 4;

  private static HookedTransformer model(String family) {
    return RandomModels.model(RandomModels.family(family), 4, WeightProcessing.standard());
  }

  private static RepeatedTokens repeated(HookedTransformer model) {
    return repeated(model, SEQUENCES);
  }

  private static RepeatedTokens repeated(HookedTransformer model, int sequences) {
    var options = DetectorOptions.standard().withLength(LENGTH).withSequences(sequences);
    return RepeatedTokens.draw(model, options);
  }

  /** Returns the mean over all tokens that something stands before. */
  private static double whole(Halves halves) {
    return Stream.of(halves.first(), halves.second())
        .flatMap(half -> half.byPosition().stream())
        .filter(loss -> loss.n() > 0)
        .mapToDouble(Estimate::mean)
        .average()
        .orElseThrow();
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gpt_neox", "llama", "mistral"})
  void lossesAreThoseOfTheModel(String family) {
    try (var model = model(family);
        var _ = TensorScope.open()) {
      var repeated = repeated(model);
      var halves = new RepeatReader(model, repeated, Progress.none()).read(List.of());
      var run = Run.of(repeated.tokens()).returning(Run.Returns.LOSS_PER_TOKEN);
      // [sequence, pos - 1]
      double[] losses = model.run(run).output().mean(0).toDoubles();
      int first = repeated.first();
      for (int i = 0; i < LENGTH; i++) {
        if (first + i > 0) {
          assertThat(halves.first().byPosition().get(i).mean())
              .isCloseTo(losses[first + i - 1], within(1e-9));
        }
        assertThat(halves.second().byPosition().get(i).mean())
            .isCloseTo(losses[first + LENGTH + i - 1], within(1e-9));
      }
      double second =
          halves.second().byPosition().stream()
              .skip(1)
              .mapToDouble(Estimate::mean)
              .average()
              .orElseThrow();
      assertThat(halves.second().loss().mean()).isCloseTo(second, within(1e-9));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gpt_neox", "llama"})
  void knockedOutIsWhatMeanAblationLeaves(String family) {
    try (var model = model(family)) {
      var repeated = repeated(model);
      var heads = List.of(new Head(0, 1), new Head(2, 3), new Head(2, 0));
      var tokens = repeated.tokens();
      var pairs = PromptPairs.of(tokens, tokens, Answers.of(new long[SEQUENCES], ones()));
      var ablation =
          new Ablation(
              pairs,
              StandardMetric.LOSS,
              new Change.Mean(Change.Over.EVERYTHING),
              List.of(At.all()));
      var expected =
          ablation
              .sets(Map.of("heads", heads.stream().map(Site::z).toList()))
              .run(model, SweepOptions.standard(), Progress.none());
      var reader = new RepeatReader(model, repeated, Progress.none());
      assertThat(whole(reader.read(heads))).isCloseTo(expected.value(0).mean(), within(1e-9));
      assertThat(whole(reader.read(List.of()))).isCloseTo(expected.clean().mean(), within(1e-9));
    }
  }

  /** Sums over many tokens are too large for float16, and too coarse. */
  @Test
  void meansOfHalfTypesAreTakenInFloat32() {
    var heads = List.of(new Head(0, 1), new Head(1, 2), new Head(2, 3));
    try (var half = large(DType.F16);
        var wide = large(DType.F32)) {
      var sequences = repeated(half, 300);
      var found = new RepeatReader(half, sequences, Progress.none()).read(heads);
      var expected = new RepeatReader(wide, sequences, Progress.none()).read(heads);
      assertThat(found.second().loss().mean())
          .isCloseTo(expected.second().loss().mean(), withinPercentage(1));
    }
  }

  /** Returns a model of values that are some hundreds, which its outputs make as small again. */
  private static HookedTransformer large(DType type) {
    var config = RandomModels.family("llama");
    try (var _ = TensorScope.open()) {
      var weights =
          RandomModels.weights(config, 4).map(t -> t.mul(factor(t)).to(DType.F16).to(type));
      return HookedTransformer.of(config, weights, Optional.empty(), WeightProcessing.none());
    }
  }

  /** Two groups have keys and values, four heads queries and outputs. */
  private static double factor(Tensor weights) {
    return switch ((int) weights.size(0)) {
      case 2 -> 128;
      case 4 -> 1. / 128;
      default -> 1;
    };
  }

  private static long[] ones() {
    return Stream.generate(() -> 1L).limit(SEQUENCES).mapToLong(Long::longValue).toArray();
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gpt_neox", "llama"})
  void runAgainTheNumbersAreTheSame(String family) {
    try (var model = model(family)) {
      var study = new Induction(3, "auto", 7, 2, 4, 5);
      var found = study.run(StudyContext.of(model));
      assertThat(study.run(StudyContext.of(model)).numbers()).isEqualTo(found.numbers());
      assertThat(found.scores().length()).isEqualTo(RandomModels.CONTEXT / 5);
      var induction = found.inductionHeads();
      var ranked = found.of(HeadDetector.INDUCTION).descending();
      assertThat(induction).containsExactly(ranked.get(0).head(), ranked.get(1).head());
      assertThat(found.knockOuts()).hasSize(5);
      assertThat(found.knockOuts().subList(1, 5))
          .allSatisfy(drawn ->
              assertThat(drawn.heads())
                  .hasSize(2)
                  .doesNotHaveDuplicates()
                  .doesNotContainAnyElementsOf(induction));
      assertThat(found.composition())
          .allMatch(pair -> pair.from().layer() < pair.to().layer())
          .allMatch(pair -> pair.score() >= 0 && pair.score() <= 1);
      assertThat(found.tables()).hasSize(6);
    }
  }

  @Test
  void aSequenceThatTheModelCannotReadIsRefused() {
    try (var model = model("gpt2")) {
      assertThatThrownBy(() -> new Induction(3, "9", 7, 2, 4, 5).run(StudyContext.of(model)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("9 random tokens twice");
    }
    for (var length : List.of("", "2", "many", "-3", "3.5")) {
      assertThatThrownBy(() -> new Induction(3, length, 7, 2, 4, 5))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("length \"" + length + "\"");
    }
    assertThatThrownBy(() -> new Induction(3, "auto", 7, 0, 4, 5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("top 0");
  }
}
