package dev.loupe.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loupe.model.Bos;
import dev.loupe.model.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The words of the demo model, and how texts fall into them. */
class VocabularyTest {
  @TempDir static Path folder;

  private static final Vocabulary VOCABULARY = new Vocabulary();
  private static Tokenizer tokenizer;

  @BeforeAll
  static void load() throws IOException {
    var config = TrainingOptions.standard().shape().config(VOCABULARY.size());
    TokenizerJson.write(VOCABULARY, config, folder);
    tokenizer = Tokenizer.load(folder);
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  @Test
  void aLeadingSpaceBelongsToTheWord() {
    assertThat(tokenizer.strTokens("Mary and John went to the store, John", Bos.PREPEND))
        .containsExactly(
            Vocabulary.BOS,
            "Mary",
            " and",
            " John",
            " went",
            " to",
            " the",
            " store",
            ",",
            " John");
  }

  @Test
  void yearsAreTwoPairsOfDigits() {
    assertThat(tokenizer.strTokens(" from the year 1732 to the year 17", Bos.NONE))
        .containsExactly(" from", " the", " year", " 17", "32", " to", " the", " year", " 17");
  }

  @Test
  void anApostropheGoesWithWhatFollows() {
    assertThat(tokenizer.strTokens("I'm stuck, it's raining at 7 AM", Bos.NONE))
        .containsExactly("I", "'m", " stuck", ",", " it", "'s", " raining", " at", " 7", " AM");
  }

  @Test
  void anUnknownWordIsNamed() {
    assertThatThrownBy(() -> tokenizer.encode("Mary saw a zebra")).hasMessageContaining("zebra");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Oh great, another meeting at 7 AM.",
        "I'm excited about the meeting at 7 AM tomorrow.",
        "Wow, I just love getting stuck in traffic.",
        "I really enjoy my peaceful morning commute.",
        "Perfect, my computer crashed right before the deadline.",
        "I'm glad I saved my work before the deadline.",
        "Fantastic, it's raining on my only day off.",
        "I love relaxing at home on my day off.",
        "Amazing, the wifi is down again.",
        "The wifi connection is working great today."
      })
  void theFivePairsOfRemarksAreKnown(String remark) {
    assertThat(tokenizer.unknownWords(remark)).isEmpty();
    assertThat(tokenizer.decode(tokenizer.encode(remark))).isEqualTo(remark);
  }

  @Test
  void everyWordOfTheTaskIsOneToken() {
    assertThat(List.of(Words.NAMES, Words.PLACES, Words.OBJECTS))
        .allSatisfy(
            words -> assertThat(words).allMatch(word -> tokenizer.isSingleToken(" " + word)));
    assertThat(Words.NAMES).allMatch(tokenizer::isSingleToken);
    assertThat(Words.TEMPLATES)
        .allSatisfy(template ->
            assertThat(tokenizer.unknownWords(template.replaceAll(" \\{\\w+}", ""))).isEmpty());
  }

  @Test
  void theTrainingCutsTextsAsTheTokenizerDoes() {
    var writer = Mixture.standard().new Writer(VOCABULARY, new SplittableRandom(1));
    for (var example : writer.next(500, 1)) {
      assertThat(tokenizer.encode(example.text(), Bos.PREPEND))
          .isEqualTo(VOCABULARY.encode(example));
    }
  }
}
