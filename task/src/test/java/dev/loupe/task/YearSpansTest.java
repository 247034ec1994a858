package dev.loupe.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.loupe.model.Bos;
import dev.loupe.model.Token;
import dev.loupe.model.Tokenizer;
import dev.loupe.model.TokenizerFixtures;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class YearSpansTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource(Bos.class)
  void everySpanIsWhatItSays(Bos bos) {
    try (var tokenizer = TokenizerFixtures.gpt2WithBos(folder)) {
      var options = YearSpansOptions.defaults(bos);
      var data = YearSpans.generate(tokenizer, options);
      assertThat(data.size()).isEqualTo(100);
      assertThat(data.notes()).singleElement().asString().matches("\\d+ of 679 years left out .*");
      for (var example : data.examples()) {
        var tokens = example.clean().tokens();
        var xx = tokens.getLast();
        var yy = tokens.get(example.at(Position.YY));
        assertThat(example.clean().text())
            .matches("The \\w+ lasted from the year (1[1-7])(\\d\\d) to the year \\1");
        assertThat(tokens.get(example.at(Position.XX1))).isEqualTo(xx).matches(" 1[1-7]");
        assertThat(example.clean().text()).contains(xx + yy + " to the year" + xx);
        assertThat(tokens.get(example.at(Position.NOUN) + 1)).isEqualTo(" lasted");
        assertThat(example.at(Position.END)).isEqualTo(tokens.size() - 1);
        assertThat(example.clean().bosPrepended()).isEqualTo(bos == Bos.PREPEND);

        int start = Integer.parseInt(yy);
        assertThat(start).isBetween(2, 98);
        assertThat(example.answers())
            .extracting(it -> Integer.parseInt(it.text()))
            .containsExactlyElementsOf(IntStream.range(start + 1, 100).boxed().toList());
        assertThat(example.wrong())
            .extracting(it -> Integer.parseInt(it.text()))
            .containsExactlyElementsOf(IntStream.rangeClosed(0, start).boxed().toList());
        for (var token : example.answers()) {
          assertThat(tokenizer.strTokens(new long[] {token.id()})).containsExactly(token.text());
        }

        var corrupted = new ArrayList<>(tokens);
        corrupted.set(example.at(Position.YY), "01");
        assertThat(example.corrupted().tokens()).isEqualTo(corrupted);
      }
      assertThat(YearSpans.generate(tokenizer, options.withPrompts(7)).examples())
          .isEqualTo(data.examples().subList(0, 7));
      assertThat(YearSpans.generate(tokenizer, options.withSeed(1)).examples())
          .isNotEqualTo(data.examples());
      assertThat(data.pairs().answers().right().getFirst()).hasSizeBetween(1, 97);
    }
  }

  /** GPT-2 has " 1500" and the like as one token, from which no model reads a year. */
  @Test
  void leavesOutYearsThatAreOneToken() {
    try (var tokenizer = TokenizerFixtures.gpt2WithBos(folder)) {
      var examples =
          YearSpans.generate(tokenizer, YearSpansOptions.defaults(Bos.NONE).withPrompts(2000))
              .examples();
      var whole =
          IntStream.range(1100, 1800)
              .filter(it -> tokenizer.isSingleToken(" " + it))
              .boxed()
              .toList();
      assertThat(whole).contains(1500, 1600, 1700);
      assertThat(examples)
          .noneMatch(it -> whole.stream().anyMatch(year -> it.clean().text().contains(" " + year)));
      assertThat(examples).extracting(it -> it.answers().size()).contains(1, 97);
    }
  }

  /** Pinned: a figure that was published with a seed must be had again with it. */
  @Test
  void theSeedsMeaningNeverChanges() {
    try (var tokenizer = TokenizerFixtures.gpt2WithBos(folder)) {
      var data = YearSpans.generate(tokenizer, YearSpansOptions.defaults(Bos.NONE).withPrompts(2));
      assertThat(data.examples())
          .extracting(it -> it.clean().text())
          .containsExactly(
              "The famine lasted from the year 1707 to the year 17",
              "The course lasted from the year 1792 to the year 17");
    }
  }

  @Test
  void saysWhatAVocabularyLacks() {
    try (var tokenizer = TokenizerFixtures.tiny(folder)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> YearSpans.generate(tokenizer, YearSpansOptions.defaults(Bos.NONE)))
          .withMessageContaining(" of 100 two-digit ends of years are not one token")
          .withMessageContaining("choose another model");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new YearSpansOptions(0, 0, Bos.NONE))
        .withMessageContaining("prompts = 0");
  }

  @Test
  void takesOtherNouns() {
    try (Tokenizer tokenizer = TokenizerFixtures.gpt2WithBos(folder)) {
      var data =
          YearSpans.generate(
              tokenizer, List.of("zeppelin war"), YearSpansOptions.defaults(Bos.NONE));
      var example = data.examples().getFirst();
      assertThat(example.clean().text()).startsWith("The zeppelin war lasted");
      assertThat(example.clean().tokens().get(example.at(Position.NOUN))).isEqualTo(" war");
      assertThat(example.answers()).extracting(Token::text).endsWith("99");
    }
  }
}
