package dev.loupe.task;

import dev.loupe.model.Prompt;
import dev.loupe.model.Token;
import dev.loupe.model.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads pairs of prompts with their answers from a user's file: JSON lines, CSV or Parquet. */
public final class TextPairs {
  private final Tokenizer tokenizer;
  private final TextPairsOptions options;
  private int spaceless;

  private TextPairs(Tokenizer tokenizer, TextPairsOptions options) {
    this.tokenizer = tokenizer;
    this.options = options;
  }

  /**
   * Reads a file. An answer is one token, such as {@code " Mary"} with its leading space; several
   * are separated by {@code |} or given as a JSON list of texts.
   *
   * @return examples with the position END; their corruption is the name of its column, or {@code
   *     none}
   * @throws IllegalArgumentException if the file is absent or malformed, lacks a column, an answer
   *     is not one token, or the two prompts of a row have not as many tokens; naming file, row and
   *     column
   */
  public static TaskData read(Path file, Tokenizer tokenizer, TextPairsOptions options) {
    var needed =
        Stream.of(options.clean(), options.corrupted(), options.answer())
            .filter(it -> !it.isEmpty())
            .toList();
    var optional = Stream.of(options.wrong()).filter(it -> !it.isEmpty()).toList();
    var reader = new TextPairs(tokenizer, options);
    var examples =
        TextRows.rows(file, needed, optional, options.most()).stream()
            .map(reader::example)
            .toList();
    return new TaskData(
        "text-pairs",
        options.corrupted().isEmpty() ? "none" : options.corrupted(),
        examples,
        reader.notes(examples.size()));
  }

  private List<String> notes(int rows) {
    return spaceless == 0
        ? List.of()
        : List.of(
            ("%d of %d rows have an answer without a leading space that would be a token with one,"
                    + " too: make sure that it continues the prompt as it stands")
                .formatted(spaceless, rows));
  }

  private TaskExample example(TextRow row) {
    var clean = prompt(row, options.clean());
    var corrupted = options.corrupted().isEmpty() ? clean : prompt(row, options.corrupted());
    if (clean.length() != corrupted.length()) {
      throw row.error(
          options.corrupted(),
          "has %d tokens, '%s' has %d; expected as many. '%s': %s. '%s': %s"
              .formatted(
                  corrupted.length(),
                  options.clean(),
                  clean.length(),
                  options.clean(),
                  clean,
                  options.corrupted(),
                  corrupted));
    }
    var answers = tokens(row, options.answer());
    if (answers.isEmpty()) {
      throw row.error(options.answer(), "is empty; expected a token such as ' Mary'");
    }
    if (answers.stream().anyMatch(it -> lacksSpace(it.text()))) {
      spaceless++;
    }
    var wrong = options.wrong().isEmpty() ? List.<Token>of() : tokens(row, options.wrong());
    for (var token : wrong) {
      if (answers.contains(token)) {
        throw row.error(
            options.wrong(), "has " + token + ", which is an answer; expected other tokens");
      }
    }
    return new TaskExample(
        clean, corrupted, answers, wrong, Map.of(Position.END, clean.length() - 1));
  }

  private boolean lacksSpace(String answer) {
    return Character.isLetter(answer.codePointAt(0)) && tokenizer.isSingleToken(" " + answer);
  }

  private Prompt prompt(TextRow row, String column) {
    var text = row.text(column);
    if (text.isBlank()) {
      throw row.error(column, "is empty; expected a prompt");
    }
    try {
      return Prompt.of(tokenizer, text, options.bos());
    } catch (IllegalArgumentException e) {
      throw row.error(column, "cannot be used: " + e.getMessage());
    }
  }

  private List<Token> tokens(TextRow row, String column) {
    var tokens = new ArrayList<Token>();
    var seen = new HashSet<Long>();
    for (var text : texts(row, column)) {
      if (text.isEmpty()) {
        throw row.error(column, "has an empty token: " + row.text(column));
      }
      Token token;
      try {
        token = new Token(text, tokenizer.singleToken(text));
      } catch (IllegalArgumentException e) {
        throw row.error(column, "cannot be used: " + e.getMessage());
      }
      if (!seen.add(token.id())) {
        throw row.error(column, "has " + token + " twice");
      }
      tokens.add(token);
    }
    return List.copyOf(tokens);
  }

  private static List<String> texts(TextRow row, String column) {
    var text = row.text(column);
    if (text.startsWith("[\"") && text.endsWith("]")) {
      return listed(row, column, text);
    }
    return text.isEmpty() || text.equals("[]") ? List.of() : List.of(text.split("\\|", -1));
  }

  private static List<String> listed(TextRow row, String column, String text) {
    try {
      var list = JsonMapper.shared().readTree(text).values();
      if (list.stream().allMatch(JsonNode::isString)) {
        return list.stream().map(JsonNode::stringValue).toList();
      }
    } catch (JacksonException _) {
      // Told below.
    }
    throw row.error(
        column, "is " + text + "; expected a JSON list of texts, or texts with | between them");
  }
}
