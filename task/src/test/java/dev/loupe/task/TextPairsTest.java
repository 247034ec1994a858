package dev.loupe.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.loupe.model.Bos;
import dev.loupe.model.Token;
import dev.loupe.model.Tokenizer;
import dev.loupe.model.TokenizerFixtures;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TextPairsTest {
  private static final TextPairsOptions OPTIONS = TextPairsOptions.defaults(Bos.NONE);
  private static final List<String> COLUMNS = List.of("clean", "answer");
  private static final String HEADER = "clean,corrupted,answer,wrong\n";
  private static final String FIRST = "When Mary and,When John and, John, Mary\n";

  @TempDir private Path folder;
  private static Tokenizer tokenizer;

  @BeforeAll
  static void load(@TempDir Path model) {
    tokenizer = TokenizerFixtures.gpt2WithBos(model);
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  private Path file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private Path parquet(Path lines) throws SQLException {
    var file = folder.resolve("rows.parquet");
    try (var database = DriverManager.getConnection("jdbc:duckdb:");
        var statement = database.createStatement()) {
      statement.execute(
          "COPY (SELECT * FROM read_json('%s')) TO '%s' (FORMAT parquet)".formatted(lines, file));
    }
    return file;
  }

  @Test
  void readsTheThreeFormatsAlike() throws Exception {
    var csv =
        file(
            "rows.csv",
            HEADER
                + FIRST
                + "\"Then, \"\"Tom\"\"\nand\",\"Then, \"\"Amy\"\"\nand\", Tom| Dan,\"[\"\" Amy\"\"]\"\n");
    var lines =
        file(
            "rows.jsonl",
            """
            {"clean": "When Mary and", "corrupted": "When John and", "answer": " John", "wrong": " Mary"}

            {"wrong": [" Amy"], "clean": "Then, \\"Tom\\"\\nand", "corrupted": "Then, \\"Amy\\"\\nand", "answer": [" Tom", " Dan"]}
            """);
    var data = TextPairs.read(csv, tokenizer, OPTIONS);
    assertThat(TextPairs.read(lines, tokenizer, OPTIONS)).isEqualTo(data);
    var plain =
        file(
            "plain.jsonl",
            """
            {"clean": "When Mary and", "corrupted": "When John and", "answer": " John", "wrong": " Mary"}
            {"clean": "Then, \\"Tom\\"\\nand", "corrupted": "Then, \\"Amy\\"\\nand", "answer": " Tom| Dan", "wrong": " Amy"}
            """);
    assertThat(TextPairs.read(parquet(plain), tokenizer, OPTIONS)).isEqualTo(data);

    assertThat(data.corruption()).isEqualTo("corrupted");
    assertThat(data.notes()).isEmpty();
    var second = data.examples().get(1);
    assertThat(second.clean().text()).isEqualTo("Then, \"Tom\"\nand");
    assertThat(second.answers()).extracting(Token::text).containsExactly(" Tom", " Dan");
    assertThat(second.wrong()).extracting(Token::text).containsExactly(" Amy");
    assertThat(second.at(Position.END)).isEqualTo(second.clean().length() - 1);
    assertThat(TextPairs.read(csv, tokenizer, OPTIONS.withMost(1)).examples())
        .isEqualTo(data.examples().subList(0, 1));
  }

  /** As spreadsheets save UTF-8. */
  @Test
  void aByteOrderMarkIsNoPartOfTheText() throws Exception {
    var quoted = "\uFEFF\"clean\",\"answer\"\n\"When Mary and\",\" John\"\n";
    var row = Map.of("clean", "When Mary and", "answer", " John");
    assertThat(TextRows.read(file("mark.csv", quoted), COLUMNS, 9)).containsExactly(row);
    var lines = "\uFEFF{\"clean\": \"When Mary and\", \"answer\": \" John\"}\n";
    for (var name : List.of("mark.jsonl", "mark")) {
      assertThat(TextRows.read(file(name, lines), COLUMNS, 9)).as(name).containsExactly(row);
    }
  }

  @Test
  void textsStayWhatTheyAre() throws Exception {
    var rows =
        TextRows.read(
            file("t.csv", "\uFEFFid,note,other\r\n007, a ,\r\n1e3,\"\",NULL\r\n"),
            List.of("note", "id", "other"),
            9);
    assertThat(rows)
        .containsExactly(
            Map.of("note", " a ", "id", "007", "other", ""),
            Map.of("note", "", "id", "1e3", "other", "NULL"));
    assertThat(rows.getFirst().keySet()).containsExactly("note", "id", "other");
    assertThat(TextRows.columns(folder.resolve("t.csv"))).containsExactly("id", "note", "other");
    var unnamed = file("no-ending", "id,note\n1,2\n");
    assertThat(TextRows.read(unnamed, List.of("note"), 9)).containsExactly(Map.of("note", "2"));
    var json = file("lines", " {\"b\": \"2\", \"a\": \"1\"}\n");
    assertThat(TextRows.columns(json)).containsExactly("b", "a");
    assertThat(TextRows.read(parquet(json), List.of("a"), 9)).containsExactly(Map.of("a", "1"));
  }

  @Test
  void readsWithoutCorruptedAndWrong() throws Exception {
    var data =
        TextPairs.read(
            file("few.csv", "answer,prompt\n John,When Mary and\n"),
            tokenizer,
            new TextPairsOptions("prompt", "", "answer", "wrong", 5, Bos.PREPEND));
    var example = data.examples().getFirst();
    assertThat(example.corrupted()).isEqualTo(example.clean());
    assertThat(example.clean().bosPrepended()).isTrue();
    assertThat(example.wrong()).isEmpty();
    assertThat(data.corruption()).isEqualTo("none");
    var empty = TextPairs.read(file("empty.csv", HEADER + "a b,a c, d,\n"), tokenizer, OPTIONS);
    assertThat(empty.examples().getFirst().wrong()).isEmpty();
  }

  @Test
  void notesAnAnswerThatMayLackItsSpace() throws Exception {
    var data = TextPairs.read(file("x.csv", HEADER + "a b,a c,John,\n"), tokenizer, OPTIONS);
    assertThat(data.notes())
        .singleElement()
        .asString()
        .startsWith("1 of 1 rows have an answer without a leading space");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "a b,a c, John Smith, d; column 'answer' cannot be used: \" John Smith\" is 2 tokens: \" John\", \" Smith\"",
        "a b,a c,Mary|Xyzzyx, d; column 'answer' cannot be used: \"Xyzzyx\" is",
        "a b,a c,apples, d; \" apples\", with its leading space, is one",
        "a b,a c, d, Elizabeth Ann; column 'wrong' cannot be used: \" Elizabeth Ann\" is 2 tokens",
        "a b,a c,, d; column 'answer' is empty; expected a token such as ' Mary'",
        "a b,a c, d|, e; column 'answer' has an empty token",
        "a b,a c, d| d, e; column 'answer' has \" d\" (288) twice",
        "a b,a c, d, e| d; column 'wrong' has \" d\" (288), which is an answer",
        "a b,a c, d,\"[\"\"x\"\", 3]\"; column 'wrong' is [\"x\", 3]; expected a JSON list of texts",
        " ,a c, d, e; column 'clean' is empty; expected a prompt",
        "a b,a b c, d, e; column 'corrupted' has 3 tokens, 'clean' has 2; expected as many",
        "a b,a b c, d, e; 0:\"a\" 1:\" b\" 2:\" c\""
      })
  void namesFileRowAndColumn(String row, String message) throws Exception {
    var file = file("bad.csv", HEADER + "\"two\nlines\",\"two\nlines\", d,\n" + row + "\n" + FIRST);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TextPairs.read(file, tokenizer, OPTIONS))
        .withMessageStartingWith(file + ", row 2 (line 5): column '")
        .withMessageContaining(message);
  }

  @Test
  void namesTheWordsThatAVocabularyLacks(@TempDir Path other) throws Exception {
    var file = file("bad.jsonl", "{\"clean\": \"Zyx went\", \"answer\": \" Mary\"}\n");
    try (var tiny = TokenizerFixtures.tiny(other)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> TextPairs.read(file, tiny, OPTIONS.withoutCorrupted()))
          .withMessageStartingWith(file + ", row 1: column 'clean' cannot be used: ")
          .withMessageContaining("\"Zyx\"");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "clean,answer\\na,b\\nonly\\n; row 2 (line 3): 1 fields [only]; expected 2, one for each of",
        "clean,answer\\n\"a\\na\",b\\np,q,r\\n; row 2 (line 4): 3 fields [p, q, r]; expected 2",
        "clean,answer\\na,b\\nlast; row 2 (line 3): 1 fields",
        "clean,answer\\na,\"open\\n; malformed CSV",
        "clean,answer\\na,\"b\"c\\n; malformed CSV",
        "clean,clean\\na,b\\n; the header [clean, clean] has the column 'clean' twice",
        "clean,\\na,b\\n; the header [clean, ] has the column '' without a name",
        "clean,text\\na,b\\n; no column 'answer'; there are [clean, text]",
        "clean,answer\\n; has no rows; expected at least one",
        "|; an empty file; expected a line of column names"
      })
  void refusesMalformedCsv(String text, String message) throws Exception {
    var file = file("bad.csv", text.replace("|", "").replace("\\n", "\n"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TextRows.read(file, COLUMNS, 9))
        .withMessageContaining(file.toString())
        .withMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "{\"clean\": \"a\"}; row 2: column 'answer' is missing; there are [clean]",
        "{\"clean\": \"a\", \"answer\": null}; row 2: column 'answer' is missing",
        "{\"clean\": \"a\", \"answer\": 7}; row 2: column 'answer' is 7; expected text",
        "{\"clean\": [\"a\", 2], \"answer\": \"\"}; row 2: column 'clean' is [\"a\",2]; expected text",
        "{\"clean\": ; row 2: not JSON",
        "[1]; row 2: expected a JSON object on every line"
      })
  void refusesMalformedJson(String line, String message) throws Exception {
    var file = file("bad.jsonl", "{\"clean\": \"a\", \"answer\": \"b\"}\n" + line + "\n");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TextRows.read(file, COLUMNS, 9))
        .withMessageStartingWith(file + ", ")
        .withMessageContaining(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"rows.csv", "rows.jsonl", "rows"})
  void refusesAFileThatIsNoTextOrNotThere(String name) throws Exception {
    var file = folder.resolve(name);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TextRows.read(file, COLUMNS, 9))
        .withMessageContaining(file + ": no such file");
    Files.write(file, "clean,answer\né,b\n".getBytes(StandardCharsets.ISO_8859_1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TextRows.read(file, COLUMNS, 9))
        .withMessageContaining(file.toString())
        .withMessageContaining("not UTF-8");
  }

  @Test
  void refusesBadOptions() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OPTIONS.withMost(0))
        .withMessageContaining("most = 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TextPairsOptions("", "", "answer", "", 1, Bos.NONE))
        .withMessageContaining("columns clean ''");
  }
}
