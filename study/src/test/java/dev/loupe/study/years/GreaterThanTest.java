package dev.loupe.study.years;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.lens.Head;
import dev.loupe.model.RandomModels;
import dev.loupe.model.WeightProcessing;
import dev.loupe.study.NaiveHeads;
import dev.loupe.study.RandomTasks;
import dev.loupe.study.StudyContext;
import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The study of year spans on random models whose first tokens are the years. */
class GreaterThanTest {
  private static final int[] STARTS = {2, 40, 98, 40};

  private static double[] probabilities(double... logits) {
    double most = Arrays.stream(logits).max().orElseThrow();
    double[] weights = Arrays.stream(logits).map(l -> Math.exp(l - most)).toArray();
    double sum = Arrays.stream(weights).sum();
    return Arrays.stream(weights).map(w -> w / sum).toArray();
  }

  private static double difference(int start, double... logits) {
    double[] p = probabilities(logits);
    return IntStream.range(0, 100).mapToDouble(y -> y > start ? p[y] : -p[y]).sum();
  }

  private static double sharpness(int start, double... logits) {
    double[] p = probabilities(logits);
    return p[start + 1] - p[start - 1];
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gpt_neox", "llama"})
  void everyNumberIsThatOfPlainRuns(String family) {
    var config =
        RandomModels.withVocabulary(RandomModels.family(family), 120, RandomModels.CONTEXT);
    try (var model = RandomModels.model(config, 3, WeightProcessing.standard())) {
      var data = RandomTasks.years(config, STARTS);
      var study = new GreaterThan(new YearPrompts(4, 0, false), 2, 1);
      var context = StudyContext.of(model);
      var found = study.run(context, data);
      assertThat(study.run(context, data).numbers()).isEqualTo(found.numbers());

      var naive = data.examples().stream().map(e -> new NaiveHeads(model, e)).toList();
      double clean = mean(i -> difference(STARTS[i], naive.get(i).clean()));
      double corrupted = mean(i -> difference(STARTS[i], naive.get(i).corrupted()));
      assertThat(found.clean().mean()).isCloseTo(clean, within(1e-9));
      assertThat(found.corrupted().mean()).isCloseTo(corrupted, within(1e-9));
      assertThat(found.sharpness().mean())
          .isCloseTo(mean(i -> sharpness(STARTS[i], naive.get(i).clean())), within(1e-9));
      for (var head : Head.all(config)) {
        double patched = mean(i -> difference(STARTS[i], naive.get(i).denoised(head)));
        assertThat(found.headsAll().of(head).mean())
            .as("%s", head)
            .isCloseTo((patched - corrupted) / (clean - corrupted), within(1e-7));
      }
      assertThat(found.lensValues().getLast().mean()).isCloseTo(clean, within(1e-9));

      var curves = found.curves();
      assertThat(curves.starts()).containsExactly(2, 40, 98);
      assertThat(curves.counts()).containsExactly(1, 2, 1);
      double[] second = probabilities(naive.get(1).clean());
      double[] fourth = probabilities(naive.get(3).clean());
      assertThat(curves.probabilities().get(1).get(7))
          .isCloseTo((second[7] + fourth[7]) / 2, within(1e-9));
      // Only the first three spans have a year two later.
      double[] first = probabilities(naive.getFirst().clean());
      assertThat(curves.atDistance(2))
          .isCloseTo((first[4] + second[42] + fourth[42]) / 3, within(1e-9));
      assertThat(curves.atDistance(-99)).isNaN();
      double[][] grouped = curves.grouped(10, 50);
      assertThat(grouped).hasNumberOfRows(10);
      assertThat(grouped[4][1])
          .isCloseTo(
              IntStream.range(50, 100).mapToDouble(y -> (second[y] + fourth[y]) / 2).sum(),
              within(1e-9));
      assertThat(grouped[1][0]).isNaN();
    }
  }

  private static double mean(IntToDoubleFunction of) {
    return IntStream.range(0, STARTS.length).mapToDouble(of).average().orElseThrow();
  }

  @Test
  void aKnockOutOfNothingThatRecoversIsLeftOut() {
    var config =
        RandomModels.withVocabulary(RandomModels.family("gpt2"), 120, RandomModels.CONTEXT);
    try (var model = RandomModels.model(config, 3, WeightProcessing.standard())) {
      var data = RandomTasks.years(config, STARTS);
      var found =
          new GreaterThan(new YearPrompts(4, 0, false), 12, 3).run(StudyContext.of(model), data);
      for (var of : found.topHeads()) {
        assertThat(of.value().mean()).isPositive();
      }
      assertThat(found.knockOuts()).isNotEmpty().allMatch(of -> !of.components().isEmpty());
    }
  }

  @Test
  void optionsThatAskForNothingAreRefused() {
    assertThatThrownBy(() -> new YearPrompts(0, 0, true))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("count 0");
    assertThatThrownBy(() -> new GreaterThan(new YearPrompts(1, 0, true), 0, 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("top_heads 0");
  }
}
