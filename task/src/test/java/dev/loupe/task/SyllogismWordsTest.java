package dev.loupe.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

class SyllogismWordsTest {
  private static final String JSON =
      """
      {"categories": ["reptiles"], "descriptors": [["warm-blooded", "cold-blooded"]], "nouns": ["lizards"]}
      """;
  private static final SyllogismWords WORDS =
      new SyllogismWords(
          List.of("reptiles"),
          List.of(new Opposites("warm-blooded", "cold-blooded")),
          List.of("lizards"));

  @TempDir private Path folder;

  private record Specification(WordSource words, TokenCounts counts) {}

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("words.json"), text);
  }

  @Test
  void areReadAndWritten() throws IOException {
    assertThat(SyllogismWords.read(file(JSON))).isEqualTo(WORDS);
    assertThat(SyllogismWords.read(file(WORDS.json()))).isEqualTo(WORDS);
    var standard = SyllogismWords.standard();
    assertThat(SyllogismWords.read(file(standard.json()))).isEqualTo(standard);
    assertThat(standard.categories()).hasSizeGreaterThanOrEqualTo(40);
    assertThat(standard.descriptors()).hasSizeGreaterThanOrEqualTo(60);
    assertThat(standard.nouns()).hasSizeGreaterThanOrEqualTo(80);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "[1]; expected an object with categories, descriptors, nouns",
        "{; not JSON",
        "{\"nouns\": [\"a\"], \"descriptors\": []}; categories is missing; expected a list",
        "{\"categories\": \"a\"}; categories is \"a\"; expected a list",
        "{\"adjectives\": []}; 'adjectives' is none of categories, descriptors, nouns",
        "{\"categories\": [\"a\", 7]}; categories[1] is 7; expected text",
        "{\"categories\": [\"a\", \" b\"]}; categories[1] is ' b'; expected a word",
        "{\"categories\": [\"a\"], \"nouns\": [\"x9\"]}; nouns[0] is 'x9'; expected a word",
        "{\"categories\": [\"a\"], \"nouns\": [\"b\"], \"descriptors\": [[\"c\", \"d\"], [\"e\"]]}; descriptors[1]: descriptors [e]: expected two words",
        "{\"categories\": [\"a\"], \"nouns\": [\"b\"], \"descriptors\": [[\"c\", \"c\"]]}; descriptors[0]: descriptor 'c' is given as its own opposite",
        "{\"categories\": [\"a\"], \"nouns\": [\"b\"], \"descriptors\": [[\"c\", 1]]}; descriptors[0] is 1; expected text",
        "{\"categories\": [\"a\"], \"nouns\": [\"b\"], \"descriptors\": [\"c\"]}; descriptors[0] is \"c\"; expected a list",
        "{\"categories\": [\"a\"], \"nouns\": [\"b\"], \"descriptors\": [[\"c\", \"d\"], [\"d\", \"c\"]]}; descriptors 'd/c' are given twice",
        "{\"categories\": [\"a\", \"a\"], \"nouns\": [\"b\"], \"descriptors\": [[\"c\", \"d\"]]}; category 'a' is given twice",
        "{\"categories\": [\"a\"], \"nouns\": [], \"descriptors\": [[\"c\", \"d\"]]}; 1 categories, 1 pairs of descriptors, 0 nouns: expected 1 or more"
      })
  void namesFileAndEntry(String json, String message) throws IOException {
    var file = file(json);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SyllogismWords.read(file))
        .withMessageStartingWith(file + ": ")
        .withMessageContaining(message);
  }

  @Test
  void refusesAFileThatIsNotThere() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SyllogismWords.read(folder.resolve("absent")))
        .withMessageContaining("no such file");
  }

  @Test
  void sourcesAreWrittenInASpecification() throws IOException {
    var mapper = JsonMapper.shared();
    for (var source :
        List.of(
            new WordSource.Shipped(),
            new WordSource.WordFile("words.json"),
            new WordSource.Chat(ChatOptions.of("some-model")),
            new WordSource.Listed(WORDS, ""),
            new WordSource.Listed(WORDS, "chat:some-model"))) {
      var specification = new Specification(source, TokenCounts.PYTHIA);
      var json = mapper.writeValueAsString(specification);
      assertThat(mapper.readValue(json, Specification.class)).isEqualTo(specification);
      assertThat(json).contains("\"counts\":\"pythia\"");
    }
    assertThat(mapper.writeValueAsString(new WordSource.Listed(WORDS, "")))
        .isEqualTo(JSON.strip().replace(" ", ""));
    assertThat(mapper.writeValueAsString(WordSource.parse("chat:m"))).isEqualTo("\"chat:m\"");
    for (var text : List.of("", " ", "chat:")) {
      assertThatIllegalArgumentException().isThrownBy(() -> WordSource.parse(text));
    }
    var file = file(JSON);
    assertThat(WordSource.parse("words.json").words(folder::resolve, Map.of())).isEqualTo(WORDS);
    assertThat(WordSource.parse("shipped").words(folder::resolve, Map.of()))
        .isEqualTo(SyllogismWords.standard());
    assertThat(new WordSource.Listed(WORDS, "").words(folder::resolve, Map.of())).isEqualTo(WORDS);
    assertThat(file).exists();
  }
}
