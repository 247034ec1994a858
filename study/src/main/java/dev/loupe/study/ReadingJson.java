package dev.loupe.study;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.sweep.SweepResult;
import dev.loupe.model.Provenance;
import dev.loupe.model.Token;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a reading of a model found (an attribution, a logit lens, head scores), as JSON for other
 * programs. Values are what Jackson knows: texts, numbers, lists, maps.
 */
public final class ReadingJson {
  private final Map<String, @Nullable Object> json = new LinkedHashMap<>();

  /**
   * Begins with the name of the reading.
   *
   * @param reading such as {@code logit-lens}
   */
  public ReadingJson(String reading) {
    json.put("reading", reading);
  }

  private ReadingJson() {}

  /** Begins a part of a reading, such as an element of a list. */
  public static ReadingJson part() {
    return new ReadingJson();
  }

  /** Puts a text, list or map under a name. */
  public ReadingJson put(String name, Object value) {
    json.put(name, value);
    return this;
  }

  /** Puts a number; one that is not finite becomes null, never 0. */
  public ReadingJson put(String name, double value) {
    json.put(name, JsonParts.number(value));
    return this;
  }

  /** Puts a mean with its standard error and how many prompts it is of. */
  public ReadingJson put(String name, Estimate value) {
    json.put(name, JsonParts.estimate(value));
    return this;
  }

  /** Puts a list of numbers. */
  public ReadingJson put(String name, double[] values) {
    json.put(name, numbers(values));
    return this;
  }

  /** Puts rows of numbers. */
  public ReadingJson put(String name, double[][] rows) {
    var list = new ArrayList<List<@Nullable Object>>();
    for (double[] row : rows) {
      list.add(numbers(row));
    }
    json.put(name, list);
    return this;
  }

  /**
   * Puts what a sweep found: its axes, and as nested arrays in their order the metric of every
   * cell, and its recovery where values are clean, its loss where they are corrupted.
   */
  public ReadingJson put(String name, SweepResult result) {
    json.put(name, JsonParts.sweep(result));
    return this;
  }

  /** Puts tokens: their exact texts where there is a tokenizer, and their ids. */
  public ReadingJson put(String name, List<Token> tokens) {
    JsonParts.tokens(json, name, tokens);
    return this;
  }

  /** Puts prompts with their tokens, answers and key positions. */
  public ReadingJson putPrompts(List<PromptRow> rows) {
    json.put("prompts", rows.stream().map(PromptRow::json).toList());
    return this;
  }

  /** Returns where numbers come from: the model, and then what else is known. */
  public static Map<String, Object> provenance(Provenance model, Map<String, ?> facts) {
    return JsonParts.provenance(model, facts);
  }

  /** Returns what was put so far, such as an element of a list. */
  public Map<String, @Nullable Object> map() {
    return json;
  }

  /**
   * Writes it into a file, with where it comes from.
   *
   * @param facts what else belongs to the provenance
   * @throws IOException if the file cannot be written; then the old file, if any, is as it was
   */
  public void write(Path file, Provenance model, Map<String, ?> facts) throws IOException {
    json.put("provenance", JsonParts.provenance(model, facts));
    byte[] bytes = JsonParts.bytes(json);
    SweepFiles.replace(file, part -> Files.write(part, bytes));
  }

  /**
   * Writes what was found from files, without any model.
   *
   * @param facts what belongs to the provenance
   * @throws IOException as the other
   */
  public void write(Path file, Map<String, ?> facts) throws IOException {
    json.put("provenance", facts);
    byte[] bytes = JsonParts.bytes(json);
    SweepFiles.replace(file, part -> Files.write(part, bytes));
  }

  private static List<@Nullable Object> numbers(double[] values) {
    var list = new ArrayList<@Nullable Object>();
    for (double value : values) {
      list.add(JsonParts.number(value));
    }
    return list;
  }
}
