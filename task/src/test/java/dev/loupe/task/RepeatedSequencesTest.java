package dev.loupe.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.loupe.model.RandomModels;
import dev.loupe.model.WeightProcessing;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RepeatedSequencesTest {
  private static final RepeatedSequencesOptions OPTIONS = new RepeatedSequencesOptions(12, 6, 4, 0);

  @ParameterizedTest
  @CsvSource({"gpt2, 4", "gpt_neox, 1", "llama, 5"})
  void everySequenceIsWhatItSays(String family, int repeated) {
    try (var model = RandomModels.model(RandomModels.family(family), 1, WeightProcessing.none())) {
      var options = new RepeatedSequencesOptions(12, 6, repeated, 0);
      var data = RepeatedSequences.generate(model, options);
      assertThat(data.size()).isEqualTo(12);
      for (var example : data.examples()) {
        var clean = example.clean().ids();
        var corrupted = example.corrupted().ids();
        int first = example.clean().bosPrepended() ? 1 : 0;
        int after = example.at(Position.AFTER);
        int end = example.at(Position.END);
        assertThat(clean).hasSize(first + 6 + repeated);
        assertThat(end).isEqualTo(clean.size() - 1);
        assertThat(example.at(Position.EARLIER)).isEqualTo(after - 1);
        assertThat(after).isEqualTo(end - 5);
        assertThat(clean.subList(first, first + 6)).doesNotHaveDuplicates();
        assertThat(clean.subList(first + 6, clean.size()))
            .isEqualTo(clean.subList(first, first + repeated));
        assertThat(clean.get(after - 1)).isEqualTo(clean.getLast());

        long answer = example.answers().getFirst().id();
        long wrong = example.wrong().getFirst().id();
        assertThat(clean.get(after)).isEqualTo(answer);
        assertThat(corrupted.get(after)).isEqualTo(wrong);
        assertThat(clean).doesNotContain(wrong);
        assertThat(corrupted).doesNotContain(answer);
        for (int i = 0; i < clean.size(); i++) {
          assertThat(clean.get(i).equals(corrupted.get(i))).isEqualTo(i != after);
        }
      }
      assertThat(RepeatedSequences.generate(model, options.withPrompts(3)).examples())
          .isEqualTo(data.examples().subList(0, 3));
      assertThat(RepeatedSequences.generate(model, options.withSeed(1)).examples())
          .isNotEqualTo(data.examples());
    }
  }

  @Test
  void refusesWhatCannotBe() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new RepeatedSequencesOptions(1, 6, 6, 0))
        .withMessageContaining("repeated = 6: expected 1 to 5");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new RepeatedSequencesOptions(0, 6, 3, 0))
        .withMessageContaining("prompts = 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OPTIONS.withLength(2))
        .withMessageContaining("length = 2");
    try (var model = RandomModels.model(RandomModels.family("gpt2"), 1, WeightProcessing.none())) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> RepeatedSequences.generate(model, OPTIONS.withLength(9)))
          .withMessageContaining("9 random tokens twice");
    }
  }
}
