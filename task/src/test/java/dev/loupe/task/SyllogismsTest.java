package dev.loupe.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.loupe.model.Bos;
import dev.loupe.model.Prompt;
import dev.loupe.model.Token;
import dev.loupe.model.Tokenizer;
import dev.loupe.model.TokenizerFixtures;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SyllogismsTest {
  private static final SyllogismOptions OPTIONS = SyllogismOptions.defaults(Bos.NONE);

  private static Tokenizer tokenizer;

  @BeforeAll
  static void load(@TempDir Path model) {
    tokenizer = TokenizerFixtures.gpt2WithBos(model);
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  private static SyllogismWords words(
      List<String> categories, List<List<String>> pairs, List<String> nouns) {
    return new SyllogismWords(categories, pairs.stream().map(Opposites::of).toList(), nouns);
  }

  private static String at(TaskExample example, Position position) {
    return example.clean().tokens().get(example.at(position));
  }

  @ParameterizedTest
  @EnumSource(Bos.class)
  void everyCandidateIsWhatItSays(Bos bos) {
    var options = SyllogismOptions.defaults(bos).withSeed(3);
    var all = Syllogisms.candidates(tokenizer, SyllogismWords.standard(), options);
    assertThat(all.size()).isGreaterThan(100_000);
    var texts = new HashSet<String>();
    for (int i = 0; i < 300; i++) {
      var example = all.get(i);
      var clean = example.clean();
      var corrupted = example.corrupted();
      assertThat(texts.add(clean.text())).isTrue();
      assertThat(clean.text())
          .matches(
              "All \\w+ are [\\w-]+, not [\\w-]+\\. [A-Z]\\w+ are \\w+\\. Therefore, \\w+ are");
      var part = clean.text().split("[ ,.]+", -1);
      assertThat(corrupted.text())
          .isEqualTo(
              "All %s are %s, not %s. %s are %s. Therefore, %s are"
                  .formatted(part[1], part[5], part[3], part[6], part[8], part[10]));
      assertThat(part[6]).isEqualToIgnoringCase(part[10]);
      assertThat(part[8]).isEqualTo(part[1]).isNotEqualTo(part[10]);
      assertThat(" " + part[3]).startsWith(example.answers().getFirst().text());
      assertThat(" " + part[5]).startsWith(example.wrong().getFirst().text());
      assertThat(" " + part[3]).endsWith(at(example, Position.DESCRIPTOR));
      assertThat(" " + part[5]).endsWith(at(example, Position.OPPOSITE));
      assertThat(" " + part[1]).endsWith(at(example, Position.CATEGORY));
      assertThat(" " + part[6]).endsWith(at(example, Position.NOUN));
      assertThat(" " + part[8]).endsWith(at(example, Position.CATEGORY2));
      assertThat(" " + part[10]).endsWith(at(example, Position.NOUN2));
      assertThat(example.at(Position.END)).isEqualTo(clean.length() - 1);
      assertThat(List.copyOf(example.positions().values())).isSorted();
      assertThat(clean.bosPrepended()).isEqualTo(bos == Bos.PREPEND);
      // The descriptor's tokens and its opposite's change places, and nothing else.
      assertThat(differing(clean, corrupted))
          .isNotEmpty()
          .allMatch(
              it -> it <= example.at(Position.OPPOSITE) && it > example.at(Position.CATEGORY));
    }
  }

  private static List<Integer> differing(Prompt a, Prompt b) {
    return IntStream.range(0, a.length())
        .filter(i -> !a.ids().get(i).equals(b.ids().get(i)))
        .boxed()
        .toList();
  }

  @Test
  void everyCombinationComesOnceAndIsOrderedByTheSeed() {
    var words =
        words(
            List.of("birds", "fish"),
            List.of(List.of("warm", "cold"), List.of("big", "small")),
            List.of("birds", "dogs", "cats"));
    var all = Syllogisms.candidates(tokenizer, words, OPTIONS);
    // birds are no birds: 5 of 6 pairs of category and noun, 2 pairs both ways round.
    assertThat(all.size()).isEqualTo(20);
    var texts = all.stream().map(it -> it.clean().text()).toList();
    assertThat(texts).doesNotHaveDuplicates().hasSize(20);
    assertThat(texts).noneMatch(it -> it.contains("Birds are birds"));
    // Every corrupted prompt is the clean one of its opposite.
    assertThat(all.stream().map(it -> it.corrupted().text()))
        .containsExactlyInAnyOrderElementsOf(texts);
    assertThat(Syllogisms.candidates(tokenizer, words, OPTIONS).first(5).examples())
        .isEqualTo(all.stream().limit(5).toList());
    var other =
        Syllogisms.candidates(tokenizer, words, OPTIONS.withSeed(1)).stream()
            .map(it -> it.clean().text())
            .toList();
    assertThat(other).isNotEqualTo(texts).containsExactlyInAnyOrderElementsOf(texts);
    assertThat(all.first(50).size()).isEqualTo(20);
    assertThat(all.first(3).name()).isEqualTo("syllogism");
  }

  /** Pinned: a sample that was published with a seed must be had again with it. */
  @Test
  void theSeedsMeaningNeverChanges() {
    var words =
        words(
            List.of("birds", "fish", "animals"),
            List.of(List.of("warm", "cold"), List.of("big", "small")),
            List.of("dogs", "cats", "snakes"));
    assertThat(Syllogisms.candidates(tokenizer, words, OPTIONS).stream().limit(2))
        .extracting(it -> it.clean().text())
        .containsExactly(
            "All fish are cold, not warm. Snakes are fish. Therefore, snakes are",
            "All birds are warm, not cold. Snakes are birds. Therefore, snakes are");
  }

  @Test
  void keepsWordsByTheirTokensAndSaysWhy() {
    var words =
        words(
            List.of("reptiles", "birds", "zebras"),
            List.of(
                List.of("warm-blooded", "cold-blooded"),
                List.of("warm", "cold"),
                List.of("legal", "crookedest"),
                List.of("high-speed", "high-risk")),
            List.of("lizards", "dogs", "snakes"));
    var pythia =
        Syllogisms.candidates(
            tokenizer, words, OPTIONS.withCounts(TokenCounts.parse("descriptor 3")));
    assertThat(pythia.kept().descriptors())
        .containsExactly(new Opposites("warm-blooded", "cold-blooded"));
    assertThat(pythia.notes())
        .anySatisfy(it ->
            assertThat(it)
                .isEqualTo(
                    "2 of 4 descriptors left out (not 3 tokens): warm/cold, legal/crookedest"))
        .anySatisfy(it ->
            assertThat(it)
                .isEqualTo(
                    "1 of 4 descriptors left out (the same first token): high-speed/high-risk"));
    var example = pythia.get(0);
    assertThat(example.answers()).extracting(Token::text).containsAnyOf(" warm", " cold");
    assertThat(at(example, Position.DESCRIPTOR)).isEqualTo("blooded");
    assertThat(pythia.first(1).notes()).isEqualTo(pythia.notes());

    var any = Syllogisms.candidates(tokenizer, words, OPTIONS);
    assertThat(any.kept().descriptors()).hasSize(2);
    assertThat(any.notes())
        .contains(
            "1 of 4 descriptors left out (not as many tokens as each other): legal/crookedest");

    var nouns =
        Syllogisms.candidates(
            tokenizer, words, OPTIONS.withCounts(TokenCounts.parse("Noun 2, noun 1")));
    assertThat(nouns.kept().nouns())
        .isNotEmpty()
        .allMatch(it ->
            tokenizer.encodeWithin(" " + it).length == 1
                && tokenizer.encodeWithin(" " + Syllogisms.capital(it)).length == 2);
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            Syllogisms.candidates(tokenizer, words, OPTIONS.withCounts(TokenCounts.of(9, 1, 1, 1))))
        .withMessageContaining("none of the 3 categories can be used with Tokenizer[")
        .withMessageContaining("3 not 9 tokens")
        .withMessageContaining("other numbers of tokens");
  }

  @ParameterizedTest
  @CsvSource({"pythia, 10", "single, 10", "any, 20"})
  void theListsThatShipAreLargeEnough(String counts, int least) {
    var kept =
        Syllogisms.candidates(
                tokenizer, SyllogismWords.standard(), OPTIONS.withCounts(TokenCounts.parse(counts)))
            .kept();
    assertThat(kept.categories()).hasSizeGreaterThanOrEqualTo(4 * least / 2);
    assertThat(kept.descriptors()).hasSizeGreaterThanOrEqualTo(least);
    assertThat(kept.nouns()).hasSizeGreaterThanOrEqualTo(least);
  }

  @Test
  void takesATemplateOfTheUsers() {
    var template =
        "{Noun} are {category}. No {category} are {opposite}; all {category} are {descriptor}."
            + " So {noun} must be";
    var words = words(List.of("birds"), List.of(List.of("warm", "cold")), List.of("dogs"));
    var all = Syllogisms.candidates(tokenizer, words, OPTIONS.withTemplate(template));
    var example =
        all.stream()
            .filter(it -> it.answers().getFirst().text().equals(" warm"))
            .collect(Collectors.toList())
            .getFirst();
    assertThat(example.clean().text())
        .isEqualTo("Dogs are birds. No birds are cold; all birds are warm. So dogs must be");
    assertThat(example.positions().keySet())
        .extracting(Position::name)
        .containsExactly(
            "NOUN", "CATEGORY", "CATEGORY2", "OPPOSITE", "CATEGORY3", "DESCRIPTOR", "NOUN2", "END");
    assertThat(at(example, new Position("CATEGORY3"))).isEqualTo(" birds");
    assertThat(at(example, Position.NOUN2)).isEqualTo(" dogs");
    assertThat(at(example, Position.OPPOSITE)).isEqualTo(" cold");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "All {category} are {descriptor}. {Noun} are {category}. So {noun} are; {opposite} is missing",
        "All {category} are {descriptor}, not {opposite}. So {noun} are; {Noun} is missing",
        "All {thing} are; {thing} is none of {category}",
        "All({category}) are; {category} must follow a space",
        "All {category}s are; {category} must end a word",
        "{Noun} {noun} {category} {descriptor} {opposite} are |; it must end without a space"
      })
  void refusesAMalformedTemplate(String template, String message) {
    var text = template.replace("|", "");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OPTIONS.withTemplate(text))
        .withMessageContaining("template '" + text + "': ")
        .withMessageContaining(message);
  }

  @Test
  void tokenCountsHaveATextForm() {
    for (var text : List.of("any", "pythia", "single", "category 1, Noun 2", "descriptor 3")) {
      assertThat(TokenCounts.parse(text)).hasToString(text);
    }
    assertThat(TokenCounts.parse("category 1, descriptor 3, Noun 2, noun 1"))
        .isEqualTo(TokenCounts.PYTHIA);
    for (var text : List.of("", "gpt2", "category", "category 1 noun 2", "noun 1, noun 2")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> TokenCounts.parse(text))
          .withMessageContaining("token counts '" + text + "': expected any, pythia, single");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TokenCounts.parse("noun 0"))
        .withMessageContaining("words of 0 tokens");
  }
}
