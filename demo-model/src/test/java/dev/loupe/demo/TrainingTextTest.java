package dev.loupe.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the model is trained on, and what it never sees. */
class TrainingTextTest {
  private static final int MANY = 3000;

  private final Vocabulary vocabulary = new Vocabulary();

  private List<Example> texts(long seed, double done) {
    return Mixture.standard().new Writer(vocabulary, new SplittableRandom(seed)).next(MANY, done);
  }

  @Test
  void aSeedGivesTheSameTextsAndAnotherOneOthers() {
    assertThat(texts(1, 0)).isEqualTo(texts(1, 0)).isNotEqualTo(texts(2, 0));
  }

  @Test
  void everyTextIsInTheVocabularyAndFitsTheContext() {
    int context = TrainingOptions.standard().shape().context();
    assertThat(Stream.of(0., 1.).flatMap(done -> texts(3, done).stream()))
        .allSatisfy(example -> assertThat(vocabulary.encode(example)).hasSizeBetween(2, context));
  }

  @Test
  void theAnswerIsWhatFollowsThePrompt() {
    var example = Syllogisms.train(new SplittableRandom(4));
    assertThat(example.tokens().subList(0, example.answer())).endsWith(" are");
    assertThat(example.tokens().subList(example.answer(), example.tokens().size()))
        .hasSize(2)
        .endsWith(".");
  }

  @Test
  void noSentenceHoldsAHeldOutPairOfNames() {
    var random = new SplittableRandom(5);
    var sentences = new IndirectObjects(.8, .6, .4);
    for (int i = 0; i < MANY; i++) {
      assertNoHeldOutPair(names(sentences.train(random)));
      assertNoHeldOutPair(names(sentences.thirdActor(random)));
    }
  }

  private static void assertNoHeldOutPair(List<String> names) {
    for (var name : names) {
      assertThat(names).noneMatch(other -> !other.equals(name) && HeldOut.pair(name, other));
    }
  }

  private static List<String> names(Example example) {
    return example.tokens().stream()
        .map(String::strip)
        .filter(Words.NAMES::contains)
        .distinct()
        .toList();
  }

  @Test
  void noSyllogismHoldsAHeldOutNounAndCategory() {
    var shape = Pattern.compile("All (\\w+) are .*Therefore, (\\w+) are.*");
    var random = new SplittableRandom(6);
    for (int i = 0; i < MANY; i++) {
      var parts = shape.matcher(Syllogisms.train(random).text());
      assertThat(parts.matches()).isTrue();
      assertThat(HeldOut.pair(parts.group(2), parts.group(1))).isFalse();
    }
  }

  @Test
  void noSpanOfYearsHoldsAHeldOutEventAndYearAndAllEndLater() {
    var shape =
        Pattern.compile("The (\\w+) lasted .* \\d\\d(\\d\\d) to the year \\d\\d(\\d\\d)\\.");
    var random = new SplittableRandom(7);
    for (int i = 0; i < MANY; i++) {
      var parts = shape.matcher(YearSpans.train(random).text());
      assertThat(parts.matches()).isTrue();
      assertThat(HeldOut.pair(parts.group(1), parts.group(2))).isFalse();
      assertThat(Integer.parseInt(parts.group(3))).isGreaterThan(Integer.parseInt(parts.group(2)));
    }
  }

  @Test
  void noRemarkIsAHeldOutOne() {
    var random = new SplittableRandom(8);
    var trained =
        Stream.generate(() -> Remarks.train(random).text().replaceAll(" (happy|annoyed)\\.$", ""))
            .limit(MANY)
            .collect(Collectors.toSet());
    var heldOut =
        Stream.generate(() -> Remarks.prompt(true, random).text())
            .limit(MANY)
            .collect(Collectors.toSet());
    assertThat(heldOut).hasSizeGreaterThan(10).doesNotContainAnyElementsOf(trained);
    assertThat(trained).hasSizeGreaterThan(100);
  }

  @Test
  void aboutAsManyPairsAreHeldOutAsAreSaid() {
    long pairs =
        Words.NAMES.stream()
            .flatMap(a -> Words.NAMES.stream().filter(b -> HeldOut.pair(a, b)))
            .count();
    assertThat(pairs / (50.0 * 50)).isBetween(.12, .18);
    assertThat(HeldOut.pair("Mary", "Tom")).isEqualTo(HeldOut.pair("Tom", "Mary"));
  }
}
