package dev.loupe.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.tuple;

import dev.loupe.model.Bos;
import dev.loupe.model.Prompt;
import dev.loupe.model.Token;
import dev.loupe.model.Tokenizer;
import dev.loupe.model.TokenizerFixtures;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class IndirectObjectTest {
  private static final IndirectObjectOptions OPTIONS =
      IndirectObjectOptions.defaults(Bos.PREPEND).withPrompts(60);

  @TempDir private Path folder;

  private Tokenizer tokenizer(String name) {
    return name.equals("gpt2")
        ? TokenizerFixtures.gpt2WithBos(folder)
        : TokenizerFixtures.tiny(folder);
  }

  private static String tokenAt(Prompt prompt, int position) {
    return prompt.tokens().get(position);
  }

  @ParameterizedTest
  @CsvSource({
    "tiny, NAME_SWAP, PREPEND",
    "tiny, ABC, NONE",
    "gpt2, NAME_SWAP, NONE",
    "gpt2, ABC, PREPEND"
  })
  void everyExampleIsWhatItSays(String name, Corruption corruption, Bos bos) {
    try (var tokenizer = tokenizer(name)) {
      var options = IndirectObjectOptions.defaults(bos).withCorruption(corruption);
      var data = IndirectObject.generate(tokenizer, options);
      assertThat(data.size()).isEqualTo(100);
      assertThat(data.corruption()).isEqualTo(corruption.toString());
      for (int i = 0; i < data.size(); i++) {
        var example = data.examples().get(i);
        var clean = example.clean();
        var io = example.answers().getFirst().text();
        var s = example.wrong().getFirst().text();
        assertThat(io).startsWith(" ").isNotEqualTo(s);
        assertThat(tokenizer.singleToken(io)).isEqualTo(example.answers().getFirst().id());
        assertThat(clean.bosPrepended()).isEqualTo(bos == Bos.PREPEND);
        assertThat(tokenAt(clean, example.at(Position.IO))).isEqualTo(io);
        assertThat(tokenAt(clean, example.at(Position.S1))).isEqualTo(s);
        assertThat(tokenAt(clean, example.at(Position.S2))).isEqualTo(s);
        assertThat(example.at(Position.S1_PLUS_1)).isEqualTo(example.at(Position.S1) + 1);
        assertThat(example.at(Position.END)).isEqualTo(clean.length() - 1);
        assertThat(example.at(Position.IO) < example.at(Position.S1)).isEqualTo(i % 2 == 0);
        assertThat(clean.tokens()).containsOnlyOnce(io);

        var corrupted = example.corrupted();
        var names =
            List.of(
                tokenAt(corrupted, example.at(Position.IO)),
                tokenAt(corrupted, example.at(Position.S1)),
                tokenAt(corrupted, example.at(Position.S2)));
        switch (corruption) {
          case NAME_SWAP -> assertThat(names).containsExactly(s, io, io);
          case ABC -> assertThat(names).doesNotHaveDuplicates().doesNotContain(io, s);
        }
        var changed =
            IntStream.range(0, clean.length())
                .filter(at -> !tokenAt(clean, at).equals(tokenAt(corrupted, at)))
                .boxed()
                .toList();
        assertThat(changed)
            .containsExactlyInAnyOrder(
                example.at(Position.IO), example.at(Position.S1), example.at(Position.S2));
      }
    }
  }

  @Test
  void swappingTheNamesTwiceGivesBackThePrompt() {
    try (var tokenizer = tokenizer("tiny")) {
      for (var example : IndirectObject.generate(tokenizer, OPTIONS).examples()) {
        var io = example.answers().getFirst();
        var s = example.wrong().getFirst();
        assertThat(swap(example.corrupted(), io, s)).isEqualTo(example.clean().ids());
        assertThat(swap(example.clean(), io, s)).isEqualTo(example.corrupted().ids());
      }
    }
  }

  private static List<Long> swap(Prompt prompt, Token a, Token b) {
    return prompt.ids().stream()
        .map(id -> id == a.id() ? Long.valueOf(b.id()) : id == b.id() ? Long.valueOf(a.id()) : id)
        .toList();
  }

  @Test
  void theSameOptionsGiveTheSamePrompts() {
    try (var tokenizer = tokenizer("tiny")) {
      var data = IndirectObject.generate(tokenizer, OPTIONS);
      assertThat(IndirectObject.generate(tokenizer, OPTIONS)).isEqualTo(data);
      assertThat(IndirectObject.generate(tokenizer, OPTIONS.withPrompts(9)).examples())
          .isEqualTo(data.examples().subList(0, 9));
      assertThat(IndirectObject.generate(tokenizer, OPTIONS.withSeed(1)).examples())
          .isNotEqualTo(data.examples());
      assertThat(clean(IndirectObject.generate(tokenizer, OPTIONS.withCorruption(Corruption.ABC))))
          .isEqualTo(clean(data));
      assertThat(new HashSet<>(clean(data))).hasSizeGreaterThan(50);
    }
  }

  private static List<Prompt> clean(TaskData data) {
    return data.examples().stream().map(TaskExample::clean).toList();
  }

  /** Pinned: a figure that was published with a seed must be had again with it. */
  @Test
  void theSeedsMeaningNeverChanges() {
    try (var tokenizer = tokenizer("gpt2")) {
      var data =
          IndirectObject.generate(tokenizer, OPTIONS.withPrompts(2).withCorruption(Corruption.ABC));
      assertThat(data.examples())
          .extracting(it -> it.clean().text(), it -> it.corrupted().text())
          .containsExactly(
              tuple(
                  "Friends Alice and Paul found a picture at the market, so Paul passed it to",
                  "Friends Kevin and Rose found a picture at the market, so Martin passed it to"),
              tuple(
                  "While Simon and Anna were working at the station, Simon showed a phone to",
                  "While Ruth and Tom were working at the station, Claire showed a phone to"));
    }
  }

  @Test
  void notesWhatItLeavesOut() {
    try (var tokenizer = tokenizer("tiny")) {
      assertThat(IndirectObject.generate(tokenizer, OPTIONS).notes())
          .hasSize(4)
          .anySatisfy(it -> assertThat(it).startsWith("42 of 50 names left out (not one token): "))
          .anySatisfy(it -> assertThat(it).startsWith("9 of 12 places left out"))
          .anySatisfy(it -> assertThat(it).startsWith("9 of 12 objects left out"))
          .anySatisfy(it -> assertThat(it).startsWith("5 of 8 templates left out (unknown words)"));
    }
    try (var tokenizer = Tokenizer.load(TokenizerFixtures.gpt2())) {
      var options = IndirectObjectOptions.defaults(Bos.NONE);
      assertThat(IndirectObject.generate(tokenizer, options).notes()).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource(Corruption.class)
  void saysWhenTooFewNamesRemain(Corruption corruption) {
    int needed = corruption == Corruption.ABC ? 5 : 4;
    var standard = IndirectObjectLists.standard();
    try (var tokenizer = tokenizer("tiny")) {
      var names = new ArrayList<>(standard.names().subList(0, needed - 1));
      names.add("Zyx");
      names.add("Maryjohn");
      var few =
          new IndirectObjectLists(
              names, standard.places(), standard.objects(), standard.templates());
      assertThatIllegalArgumentException()
          .isThrownBy(
              () -> IndirectObject.generate(tokenizer, few, OPTIONS.withCorruption(corruption)))
          .withMessageContaining("%d of %d names remain", needed - 1, needed + 1)
          .withMessageContaining("expected at least " + needed)
          .withMessageContaining("Left out (not one token): Zyx; Maryjohn. Choose");
      names.add("Dan");
      names.add("Sid");
      var enough =
          new IndirectObjectLists(
              names, standard.places(), standard.objects(), standard.templates());
      assertThat(
              IndirectObject.generate(tokenizer, enough, OPTIONS.withCorruption(corruption)).size())
          .isEqualTo(60);
    }
  }

  @Test
  void saysWhenNoTemplateRemains() {
    var standard = IndirectObjectLists.standard();
    var lists =
        new IndirectObjectLists(
            standard.names(),
            standard.places(),
            standard.objects(),
            standard.templates().subList(4, 6));
    try (var tokenizer = tokenizer("tiny")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> IndirectObject.generate(tokenizer, lists, OPTIONS))
          .withMessageContaining("0 of 2 templates remain");
    }
  }

  @Test
  void refusesATemplateThatNamesAnyoneElse() {
    var lists =
        new IndirectObjectLists(
            List.of("Mary", "John", "Tom", "James"),
            List.of("park"),
            List.of("ring"),
            List.of("When {A} and {B} met Mary John Tom James, {S} handed a ring to"));
    try (var tokenizer = TokenizerFixtures.gpt2WithBos(folder)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> IndirectObject.generate(tokenizer, lists, OPTIONS))
          .withMessageContaining("once and")
          .withMessageContaining("6:\" Mary\"");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{A} and {B} met, {S} gave it to",
        "When {A} and {B} met, they gave it to",
        "When {A} and {B} met {A}, {S} gave it to",
        "When {A} and {B} met, {S} gave a {THING} to",
        "When {S} met {A} and {B} he gave it to",
        "When {A} and {B} met, {S} gave it to ",
        "When {A} and {B} met, to {S}"
      })
  void refusesAMalformedTemplate(String template) {
    var words = List.of("x");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new IndirectObjectLists(words, words, words, List.of(template)))
        .withMessageContaining(template);
  }

  @Test
  void refusesBadOptions() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OPTIONS.withPrompts(0))
        .withMessageContaining("prompts = 0");
    assertThat(Corruption.parse("name-swap")).isEqualTo(Corruption.NAME_SWAP);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Corruption.parse("swap"))
        .withMessageContaining("[name-swap, abc]");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new IndirectObjectLists(List.of("a", "a"), List.of(), List.of(), List.of()));
  }
}
