package dev.loupe.task;

import dev.loupe.model.Prompt;
import dev.loupe.model.Token;
import dev.loupe.model.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Reads indirect-object prompts in the layout of {@code mib-bench/ioi} (Mueller et al., 2025), from
 * Parquet or JSON lines.
 *
 * <p>A row has {@code prompt}, {@code choices}, {@code answerKey} (an index of {@code choices}),
 * {@code metadata.indirect_object}, {@code metadata.subject} and objects with a {@code prompt}
 * whose names end in {@code _counterfactual}; it may have a {@code template}.
 */
public final class MibIoi {
  private final Tokenizer tokenizer;
  private final MibIoiOptions options;
  private final List<TaskExample> examples = new ArrayList<>();
  private final Map<String, Integer> leftOut = new TreeMap<>();
  private int rows;

  private MibIoi(Tokenizer tokenizer, MibIoiOptions options) {
    this.tokenizer = tokenizer;
    this.options = options;
  }

  /**
   * Reads a file. Rows that the tokenizer cannot use (a name of more than one token, a
   * counterfactual of another length, unknown words) are left out, and noted.
   *
   * @return examples with the answer IO, the wrong answer S and the positions IO, S1, S1+1, S2, END
   * @throws IllegalArgumentException if the file is malformed, with row and field, or no row is
   *     usable
   */
  public static TaskData read(Path file, Tokenizer tokenizer, MibIoiOptions options) {
    var reader = new MibIoi(tokenizer, options);
    JsonRows.read(file, reader::take);
    var notes =
        reader.leftOut.entrySet().stream()
            .map(it ->
                "%d of %d rows left out: %s".formatted(it.getValue(), reader.rows, it.getKey()))
            .toList();
    if (reader.examples.isEmpty()) {
      throw new IllegalArgumentException(
          "%s: none of its %d rows can be used with %s%s. Choose another model or counterfactual"
              .formatted(
                  file,
                  reader.rows,
                  tokenizer,
                  notes.isEmpty() ? "" : ": " + String.join("; ", notes)));
    }
    return new TaskData("mib-ioi", options.counterfactual(), reader.examples, notes);
  }

  private boolean take(JsonRow row) {
    rows++;
    var text = row.text("prompt");
    var io = row.text("metadata.indirect_object").strip();
    var s = row.text("metadata.subject").strip();
    checkChoices(row, io, s);
    checkMentions(row, text, io, 1);
    checkMentions(row, text, s, 2);
    var corrupted = counterfactual(row);
    obstacle(text, corrupted, io, s)
        .ifPresentOrElse(
            reason -> leftOut.merge(reason, 1, Integer::sum),
            () -> examples.add(example(text, corrupted, io, s, template(row))));
    return examples.size() < options.maxPrompts();
  }

  /** Holds that the row's two choices are its names and that the key points to the right one. */
  private static void checkChoices(JsonRow row, String io, String s) {
    var choices = row.field("choices");
    if (!choices.isArray() || choices.size() != 2) {
      throw row.error("choices", "is " + choices + "; expected two names");
    }
    int key = row.index("answerKey", choices.size());
    var right = row.text("choices", choices.get(key)).strip();
    var wrong = row.text("choices", choices.get(1 - key)).strip();
    if (!right.equals(io) || !wrong.equals(s)) {
      throw row.error(
          "answerKey",
          "makes '%s' right and '%s' wrong, but metadata says '%s' and '%s'"
              .formatted(right, wrong, io, s));
    }
    if (io.equals(s)) {
      throw row.error("metadata", "has '%s' as indirect object and as subject".formatted(io));
    }
  }

  private static void checkMentions(JsonRow row, String text, String name, int expected) {
    var word = Pattern.compile("(?U)(?<!\\w)" + Pattern.quote(name) + "(?!\\w)");
    long found = word.matcher(text).results().count();
    if (found != expected) {
      throw row.error(
          "prompt",
          "mentions '%s' %d times; expected %d: '%s'".formatted(name, found, expected, text));
    }
  }

  private String counterfactual(JsonRow row) {
    if (!row.json().path(options.counterfactual()).isObject()) {
      var there =
          row.json().propertyNames().stream()
              .filter(it -> it.endsWith(MibIoiOptions.SUFFIX))
              .toList();
      throw row.error(options.counterfactual(), "is no object; the row has " + there);
    }
    return row.text(options.counterfactual() + ".prompt");
  }

  private Optional<String> obstacle(String text, String corrupted, String io, String s) {
    if (!tokenizer.unknownWords(text).isEmpty() || !tokenizer.unknownWords(corrupted).isEmpty()) {
      return Optional.of("words that the vocabulary lacks");
    }
    var clean = Prompt.of(tokenizer, text, options.bos());
    if (!tokenizer.isSingleToken(" " + io)
        || !tokenizer.isSingleToken(" " + s)
        || mentions(clean, io).size() != 1
        || mentions(clean, s).size() != 2) {
      return Optional.of("a name of more than one token");
    }
    return clean.length() == Prompt.of(tokenizer, corrupted, options.bos()).length()
        ? Optional.empty()
        : Optional.of("a counterfactual with another number of tokens");
  }

  /** Takes the template where a file has one: nothing else rests on it. */
  private static String template(JsonRow row) {
    return row.json().path("template").asString("");
  }

  private TaskExample example(String text, String corrupted, String io, String s, String template) {
    var clean = Prompt.of(tokenizer, text, options.bos());
    var subjects = mentions(clean, s);
    return new TaskExample(
        clean,
        Prompt.of(tokenizer, corrupted, options.bos()),
        List.of(token(io)),
        List.of(token(s)),
        IndirectObject.positions(
            mentions(clean, io).getFirst(), subjects.get(0), subjects.get(1), clean.length() - 1),
        // As in generated prompts, each order of the names is a template of its own.
        template.isEmpty()
            ? ""
            : template
                + IndirectObject.order(mentions(clean, io).getFirst() < subjects.getFirst()));
  }

  /** A name that begins the prompt has no space before it. */
  private static List<Integer> mentions(Prompt prompt, String name) {
    return IntStream.range(0, prompt.length())
        .filter(i -> prompt.tokens().get(i).strip().equals(name))
        .boxed()
        .toList();
  }

  private Token token(String name) {
    return new Token(" " + name, tokenizer.singleToken(" " + name));
  }
}
