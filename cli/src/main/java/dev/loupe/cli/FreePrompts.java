package dev.loupe.cli;

import dev.loupe.lens.Answers;
import dev.loupe.lens.PromptPairs;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.PaddingSide;
import dev.loupe.model.Tokens;
import dev.loupe.task.NextToken;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** Prompts and answers given one by one, as texts or as exact ids. */
final class FreePrompts {
  @Option(
      names = "--clean",
      paramLabel = "TEXT",
      description = "A prompt that shows the behaviour; give it again for each further one.")
  private List<String> clean = List.of();

  @Option(
      names = "--corrupt",
      paramLabel = "TEXT",
      description = "A prompt that does not, of as many tokens; one for each --clean, in order.")
  private List<String> corrupt = List.of();

  @Option(
      names = "--answer",
      paramLabel = "TEXT",
      description =
          "What is right after a prompt, one token; one for each --clean, in order, or several for "
              + "a single one. A word that follows a word or a full stop is taken with its leading space.")
  private List<String> answer = List.of();

  @Option(
      names = "--wrong",
      paramLabel = "TEXT",
      description = "What it is measured against, likewise.")
  private List<String> wrong = List.of();

  @Option(
      names = "--clean-tokens",
      paramLabel = "IDS",
      description = "Exact ids instead of --clean, such as \"1,2,3;4,5,6\"; no BOS is added.")
  private Optional<String> cleanIds = Optional.empty();

  @Option(
      names = "--corrupt-tokens",
      paramLabel = "IDS",
      description = "Exact ids instead of --corrupt.")
  private Optional<String> corruptIds = Optional.empty();

  @Option(
      names = "--answer-tokens",
      paramLabel = "IDS",
      description =
          "Exact ids instead of --answer: one a prompt, such as \"6,27\", or any number"
              + " with semicolons between prompts.")
  private Optional<String> answerIds = Optional.empty();

  @Option(
      names = "--wrong-tokens",
      paramLabel = "IDS",
      description = "Exact ids instead of --wrong.")
  private Optional<String> wrongIds = Optional.empty();

  /** Returns the first of these options that was given. */
  Optional<String> first() {
    return Stream.of(
            given("--clean", clean),
            given("--clean-tokens", cleanIds),
            given("--corrupt", corrupt),
            given("--corrupt-tokens", corruptIds),
            given("--answer", answer),
            given("--answer-tokens", answerIds),
            given("--wrong", wrong),
            given("--wrong-tokens", wrongIds))
        .flatMap(Optional::stream)
        .findFirst();
  }

  private static Optional<String> given(String name, List<String> texts) {
    return texts.isEmpty() ? Optional.empty() : Optional.of(name);
  }

  private static Optional<String> given(String name, Optional<String> ids) {
    return ids.map(_ -> name);
  }

  boolean isGiven() {
    return first().isPresent();
  }

  boolean isCorrupted() {
    return !corrupt.isEmpty() || corruptIds.isPresent();
  }

  boolean hasWrong() {
    return !wrong.isEmpty() || wrongIds.isPresent();
  }

  /**
   * Checks what can be checked without a model; returns the number of prompts.
   *
   * @throws IllegalArgumentException saying which option is missing or does not fit
   */
  int check(boolean needsCorrupted) {
    int prompts = count("--clean", clean, cleanIds);
    int corrupted = count("--corrupt", corrupt, corruptIds);
    count("--answer", answer, answerIds);
    count("--wrong", wrong, wrongIds);
    require(prompts > 0, "no --clean: expected a prompt");
    require(corrupted > 0 || !needsCorrupted, "no --corrupt: expected one for each --clean");
    require(
        corrupted == 0 || corrupted == prompts,
        prompts + " --clean, " + corrupted + " --corrupt: expected one for each, in order");
    require(
        !answer.isEmpty() || answerIds.isPresent(),
        "no --answer: expected the token that is right after the prompt");
    checkAnswers("--answer", answer, prompts);
    checkAnswers("--wrong", wrong, prompts);
    answerIds.ifPresent(ids -> answers("--answer-tokens", ids, prompts));
    wrongIds.ifPresent(ids -> answers("--wrong-tokens", ids, prompts));
    return prompts;
  }

  private static int count(String option, List<String> texts, Optional<String> ids) {
    require(
        texts.isEmpty() || ids.isEmpty(),
        option + " and " + option + "-tokens: expected texts or ids, not both");
    for (var text : texts) {
      require(!text.isEmpty(), option + ": the text is empty: expected at least one character");
    }
    return ids.map(it -> TokenRows.parse(option + "-tokens", it).size()).orElse(texts.size());
  }

  private static void checkAnswers(String option, List<String> texts, int prompts) {
    require(
        texts.isEmpty() || prompts == 1 || texts.size() == prompts,
        prompts + " prompts, " + texts.size() + " " + option + ": expected one for each, in order");
  }

  /** Returns the ids of answers: one a prompt, or rows of any number. */
  private static List<List<Long>> answers(String option, String text, int prompts) {
    var rows =
        TokenRows.parse(option, text).stream()
            .map(row -> LongStream.of(row).boxed().toList())
            .toList();
    if (rows.size() == 1 && prompts > 1) {
      require(
          rows.getFirst().size() == prompts,
          prompts
              + " prompts, "
              + rows.getFirst().size()
              + " ids of "
              + option
              + ": expected one for each, or semicolons between prompts");
      return rows.getFirst().stream().map(List::of).toList();
    }
    require(
        rows.size() == prompts,
        prompts + " prompts, " + rows.size() + " rows of " + option + ": expected as many");
    return rows;
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }

  /**
   * Encodes the prompts, the shorter ones padded on the left.
   *
   * @throws IllegalArgumentException if a clean and a corrupted prompt differ in length, an answer
   *     is not one token, or an id is not in the vocabulary
   */
  PromptPairs pairs(HookedTransformer model, boolean noBos) {
    var cleanRows = rows("--clean", clean, cleanIds, model, noBos);
    var corruptRows =
        isCorrupted() ? rows("--corrupt", corrupt, corruptIds, model, noBos) : cleanRows;
    for (int row = 0; row < cleanRows.size(); row++) {
      requireAligned(row, cleanRows.get(row), corruptRows.get(row), model);
    }
    long pad = cleanRows.getFirst()[0];
    var right = answers("--answer", answer, answerIds, model, cleanRows.size());
    var against = answers("--wrong", wrong, wrongIds, model, cleanRows.size());
    return PromptPairs.of(
        Tokens.padded(PaddingSide.LEFT, pad, cleanRows),
        Tokens.padded(PaddingSide.LEFT, pad, corruptRows),
        new Answers(right, against));
  }

  private static List<long[]> rows(
      String option,
      List<String> texts,
      Optional<String> ids,
      HookedTransformer model,
      boolean noBos) {
    if (ids.isPresent()) {
      var rows = TokenRows.parse(option + "-tokens", ids.get());
      rows.forEach(
          row -> LongStream.of(row).forEach(id -> requireKnown(option + "-tokens", id, model)));
      return rows;
    }
    var bos = Texts.bos(noBos, model.tokenizer());
    return texts.stream().map(text -> model.tokenizer().encode(text, bos)).toList();
  }

  private static void requireKnown(String option, long id, HookedTransformer model) {
    int size = model.config().dVocab();
    require(id < size, option + ": token " + id + ": expected 0 to " + (size - 1));
  }

  private static void requireAligned(
      int row, long[] clean, long[] corrupted, HookedTransformer model) {
    require(
        clean.length == corrupted.length,
        "pair %d: %d clean tokens, %d corrupted ones; expected as many. Clean: %s. Corrupted: %s"
            .formatted(
                row + 1,
                clean.length,
                corrupted.length,
                show(clean, model),
                show(corrupted, model)));
  }

  private static String show(long[] ids, HookedTransformer model) {
    return model.hasTokenizer()
        ? String.join(" ", model.tokenizer().strTokens(ids).stream().map(Texts::quoted).toList())
        : Arrays.toString(ids);
  }

  private List<List<Long>> answers(
      String option,
      List<String> texts,
      Optional<String> ids,
      HookedTransformer model,
      int prompts) {
    if (ids.isPresent()) {
      var rows = answers(option + "-tokens", ids.get(), prompts);
      rows.forEach(row -> row.forEach(id -> requireKnown(option + "-tokens", id, model)));
      return rows;
    }
    if (texts.isEmpty()) {
      return Collections.nCopies(prompts, List.of());
    }
    if (prompts == 1) {
      return List.of(texts.stream().map(text -> token(option, text, 0, model)).toList());
    }
    return IntStream.range(0, prompts)
        .mapToObj(row -> List.of(token(option, texts.get(row), row, model)))
        .toList();
  }

  private long token(String option, String text, int row, HookedTransformer model) {
    try {
      return NextToken.of(model.tokenizer(), clean.isEmpty() ? "" : clean.get(row), text).id();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(option + " " + e.getMessage(), e);
    }
  }

  /** Returns these options as a shell reads them. */
  String typed() {
    var line = new StringBuilder();
    append(line, "--clean", clean, cleanIds);
    append(line, "--corrupt", corrupt, corruptIds);
    append(line, "--answer", answer, answerIds);
    append(line, "--wrong", wrong, wrongIds);
    return line.toString();
  }

  private static void append(
      StringBuilder line, String option, List<String> texts, Optional<String> ids) {
    texts.forEach(text -> line.append(' ').append(option).append(' ').append(Shell.quoted(text)));
    ids.ifPresent(
        it -> line.append(' ').append(option).append("-tokens ").append(Shell.quoted(it)));
  }
}
