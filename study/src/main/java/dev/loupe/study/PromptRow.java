package dev.loupe.study;

import dev.loupe.lens.PromptPairs;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Token;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A pair of prompts as its exact tokens; a model without a tokenizer gives them no text.
 *
 * @param clean the tokens of the clean prompt
 * @param corrupted the tokens of the corrupted prompt, as many; where texts are paired that have no
 *     answers, those of the second text
 * @param answers the right tokens after it
 * @param wrong the tokens that they are measured against; may be empty
 * @param positions key positions by name, counted from the first token
 */
public record PromptRow(
    List<Token> clean,
    List<Token> corrupted,
    List<Token> answers,
    List<Token> wrong,
    Map<String, Integer> positions) {
  /** Copies the collections, order kept. */
  public PromptRow {
    clean = List.copyOf(clean);
    corrupted = List.copyOf(corrupted);
    answers = List.copyOf(answers);
    wrong = List.copyOf(wrong);
    positions = Collections.unmodifiableMap(new LinkedHashMap<>(positions));
  }

  /** Returns the rows of a batch. */
  public static List<PromptRow> of(PromptPairs pairs, HookedTransformer model) {
    return IntStream.range(0, pairs.size()).mapToObj(row -> row(pairs, row, model)).toList();
  }

  private static PromptRow row(PromptPairs pairs, int row, HookedTransformer model) {
    var positions = new LinkedHashMap<String, Integer>();
    pairs.positions().forEach((name, indices) -> positions.put(name, indices.get(row)));
    return new PromptRow(
        tokens(pairs.clean().row(row), model),
        tokens(pairs.corrupted().row(row), model),
        tokens(ids(pairs.answers().right().get(row)), model),
        tokens(ids(pairs.answers().wrong().get(row)), model),
        positions);
  }

  /** Returns it as JSON. */
  Map<String, @Nullable Object> json() {
    var json = new LinkedHashMap<String, @Nullable Object>();
    JsonParts.tokens(json, "clean", clean);
    JsonParts.tokens(json, "corrupted", corrupted);
    JsonParts.tokens(json, "answer", answers);
    JsonParts.tokens(json, "wrong", wrong);
    json.put("positions", positions);
    return json;
  }

  private static long[] ids(List<Long> tokens) {
    return tokens.stream().mapToLong(Long::longValue).toArray();
  }

  private static List<Token> tokens(long[] ids, HookedTransformer model) {
    if (!model.hasTokenizer()) {
      return Arrays.stream(ids).mapToObj(id -> new Token("", id)).toList();
    }
    var texts = model.tokenizer().strTokens(ids);
    return IntStream.range(0, ids.length).mapToObj(i -> new Token(texts.get(i), ids[i])).toList();
  }
}
