package dev.loupe.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.loupe.model.Bos;
import dev.loupe.model.Tokenizer;
import dev.loupe.model.TokenizerFixtures;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class MibIoiTest {
  private static final JsonMapper MAPPER = JsonMapper.shared();
  private static final MibIoiOptions OPTIONS = MibIoiOptions.defaults(Bos.PREPEND);

  @TempDir private Path folder;
  private Tokenizer tokenizer;

  @BeforeEach
  void load() {
    tokenizer = TokenizerFixtures.tiny(folder);
  }

  @AfterEach
  void close() {
    tokenizer.close();
  }

  private static String sentence(String a, String b, String s) {
    return "Then, %s and %s went to the store, %s gave a drink to".formatted(a, b, s);
  }

  private static ObjectNode row(String io, String s, boolean ioFirst) {
    var row = MAPPER.createObjectNode();
    row.put("prompt", sentence(ioFirst ? io : s, ioFirst ? s : io, s));
    row.put("template", "Then, {name_A} and {name_B} went to the {place}, ...");
    row.putArray("choices").add(s).add(io);
    row.put("answerKey", 1);
    row.putObject("metadata")
        .put("indirect_object", io)
        .put("subject", s)
        .put("object", "drink")
        .put("place", "store")
        .put("random_a", "Amy")
        .put("random_b", "Dan")
        .put("random_c", "Sid");
    counterfactual(row, "s2_io_flip", sentence(ioFirst ? io : s, ioFirst ? s : io, io), io, s);
    counterfactual(row, "abc", sentence("Amy", "Dan", "Sid"), "Amy", "Dan");
    return row;
  }

  private static void counterfactual(
      ObjectNode row, String name, String prompt, String first, String second) {
    var object = row.putObject(name + "_counterfactual").put("prompt", prompt).put("answerKey", 0);
    object.putArray("choices").add(first).add(second);
  }

  private Path lines(ObjectNode... rows) throws IOException {
    var file = folder.resolve("ioi.jsonl");
    Files.write(file, Arrays.stream(rows).map(ObjectNode::toString).toList());
    return file;
  }

  private Path parquet(String name, ObjectNode... rows) throws IOException, SQLException {
    var plain = folder.resolve("written.parquet");
    try (var database = DriverManager.getConnection("jdbc:duckdb:");
        var statement = database.createStatement()) {
      statement.execute(
          "COPY (SELECT * FROM read_json('%s')) TO '%s' (FORMAT parquet)"
              .formatted(lines(rows), plain));
    }
    return Files.move(plain, folder.resolve(name));
  }

  @Test
  void readsBothFormatsAlike() throws Exception {
    var rows = new ObjectNode[] {row("Mary", "John", true), row("Tom", "James", false)};
    var data = MibIoi.read(lines(rows), tokenizer, OPTIONS);
    assertThat(MibIoi.read(parquet("train-0.parquet", rows), tokenizer, OPTIONS)).isEqualTo(data);

    assertThat(data.size()).isEqualTo(2);
    assertThat(data.corruption()).isEqualTo("s2_io_flip_counterfactual");
    assertThat(data.notes()).isEmpty();
    var second = data.examples().get(1);
    assertThat(second.clean().text())
        .isEqualTo("Then, James and Tom went to the store, James gave a drink to");
    assertThat(second.corrupted().text())
        .isEqualTo("Then, James and Tom went to the store, Tom gave a drink to");
    assertThat(second.answers()).extracting(it -> it.text()).containsExactly(" Tom");
    assertThat(second.wrong()).extracting(it -> it.text()).containsExactly(" James");
    assertThat(second.positions())
        .containsEntry(Position.S1, 3)
        .containsEntry(Position.S1_PLUS_1, 4)
        .containsEntry(Position.IO, 5)
        .containsEntry(Position.S2, 11)
        .containsEntry(Position.END, 15);
  }

  @Test
  void takesTheCounterfactualThatIsAskedFor() throws Exception {
    var data =
        MibIoi.read(
            lines(row("Mary", "John", true), row("Tom", "James", false)),
            tokenizer,
            OPTIONS.withCounterfactual("abc").withMaxPrompts(1));
    assertThat(data.size()).isEqualTo(1);
    assertThat(data.examples().getFirst().corrupted().text())
        .isEqualTo("Then, Amy and Dan went to the store, Sid gave a drink to");
  }

  @Test
  void takesThePathLiterally() throws Exception {
    var one = row("Mary", "John", true);
    parquet("ab.parquet", row("Tom", "James", false));
    for (var name : new String[] {"[a]*.parquet", "?b'; DROP.parquet"}) {
      var data = MibIoi.read(parquet(name, one), tokenizer, OPTIONS);
      assertThat(data.examples().getFirst().answers().getFirst().text()).isEqualTo(" Mary");
      assertThat(data.size()).isEqualTo(1);
    }
  }

  @Test
  void leavesOutWhatTheTokenizerCannotUseAndSaysSo() throws Exception {
    var longer = row("Mary", "John", true);
    counterfactual(longer, "s2_io_flip", sentence("Mary", "John", "Mary and Tom"), "Mary", "John");
    var data =
        MibIoi.read(
            lines(row("Mary", "Zyx", true), longer, row("Tom", "James", false)),
            tokenizer,
            OPTIONS);
    assertThat(data.size()).isEqualTo(1);
    assertThat(data.notes())
        .containsExactlyInAnyOrder(
            "1 of 3 rows left out: words that the vocabulary lacks",
            "1 of 3 rows left out: a counterfactual with another number of tokens");
    var file = lines(row("Mary", "Zyx", true));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MibIoi.read(file, tokenizer, OPTIONS))
        .withMessageContaining("none of its 1 rows")
        .withMessageContaining("words that the vocabulary lacks");
  }

  @Test
  void leavesOutNamesOfSeveralTokens() throws Exception {
    try (var gpt2 = Tokenizer.load(TokenizerFixtures.gpt2())) {
      var data =
          MibIoi.read(
              lines(row("Mary", "Zyxwv", true), row("Mary", "John", true)),
              gpt2,
              MibIoiOptions.defaults(Bos.NONE));
      assertThat(data.notes())
          .containsExactly("1 of 2 rows left out: a name of more than one token");
      assertThat(data.examples().getFirst().at(Position.IO)).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "prompt, field 'prompt' is missing",
    "choices, field 'choices' is missing",
    "answerKey, field 'answerKey' is missing",
    "metadata, field 'metadata.indirect_object' is missing",
    "s2_io_flip_counterfactual, the row has [abc_counterfactual]"
  })
  void namesTheMissingField(String field, String message) throws Exception {
    refuses(row -> row.remove(field), message);
  }

  @Test
  void namesTheWrongField() throws Exception {
    refuses(row -> row.put("prompt", 3), "field 'prompt' is 3; expected text");
    refuses(row -> row.put("answerKey", 2), "field 'answerKey' is 2; expected 0 to 1");
    refuses(row -> row.put("answerKey", "one"), "field 'answerKey' is \"one\"; expected a whole");
    refuses(row -> row.put("answerKey", 0), "makes 'John' right and 'Mary' wrong");
    refuses(row -> row.put("choices", "Mary"), "field 'choices' is \"Mary\"; expected two names");
    refuses(row -> row.put("prompt", "Then, Mary went to"), "mentions 'John' 0 times; expected 2");
    refuses(
        row -> row.putObject("s2_io_flip_counterfactual"),
        "field 's2_io_flip_counterfactual.prompt' is missing");
  }

  private void refuses(Consumer<ObjectNode> change, String message) throws Exception {
    var bad = row("Mary", "John", true);
    change.accept(bad);
    var file = lines(row("Tom", "James", true), bad);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MibIoi.read(file, tokenizer, OPTIONS))
        .withMessageContaining(file + ", row 2: ")
        .withMessageContaining(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"prompt\": ", "[1, 2]", "PAR1 and then nothing", "3"})
  void refusesABrokenFile(String content) throws IOException {
    var file = Files.writeString(folder.resolve("broken"), content);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MibIoi.read(file, tokenizer, OPTIONS))
        .withMessageContaining(file.toString());
  }

  @Test
  void refusesATruncatedParquetFile() throws Exception {
    var whole = Files.readAllBytes(parquet("whole.parquet", row("Mary", "John", true)));
    var file = folder.resolve("half.parquet");
    Files.write(file, Arrays.copyOf(whole, whole.length / 2));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MibIoi.read(file, tokenizer, OPTIONS))
        .withMessageContaining(file + " is not a readable Parquet file");
  }

  @Test
  void refusesAFileThatIsNoTextOrNotThere() throws IOException {
    var latin = folder.resolve("latin.jsonl");
    Files.write(latin, "{\"prompt\": \"é\"}".getBytes(StandardCharsets.ISO_8859_1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MibIoi.read(latin, tokenizer, OPTIONS))
        .withMessageContaining("not UTF-8");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MibIoi.read(folder.resolve("absent"), tokenizer, OPTIONS))
        .withMessageContaining("no such file");
    var empty = Files.createFile(folder.resolve("empty.jsonl"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MibIoi.read(empty, tokenizer, OPTIONS))
        .withMessageContaining("none of its 0 rows");
  }
}
