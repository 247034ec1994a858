package dev.loupe.study.interventions;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.loupe.lens.At;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * A prompt as a specification has it: {@code {clean: ..., corrupted: ..., answer: " Mary", wrong: "
 * John", positions: {S2: 10}}}. An answer is one token; several are a list.
 *
 * @param clean the prompt
 * @param corrupted one of as many tokens; empty for none
 * @param answer what is right after it, at least one
 * @param wrong what that is measured against; may be empty
 * @param positions tokens that have names, counted from the first, which is 0; END always has one
 */
public record GivenPrompt(
    String clean,
    String corrupted,
    List<String> answer,
    List<String> wrong,
    Map<String, Integer> positions) {
  private static final List<String> FIELDS =
      List.of("clean", "corrupted", "answer", "wrong", "positions");

  /** Refuses a prompt without a text or an answer, and positions that cannot be. */
  public GivenPrompt {
    answer = List.copyOf(answer);
    wrong = List.copyOf(wrong);
    positions = Collections.unmodifiableMap(new LinkedHashMap<>(positions));
    if (clean.isEmpty()) {
      throw new IllegalArgumentException("clean is empty: expected a prompt");
    }
    if (answer.isEmpty() || answer.contains("") || wrong.contains("")) {
      throw new IllegalArgumentException(
          "answer "
              + answer
              + ", wrong "
              + wrong
              + ": expected one answer or more, each a token such as \" Mary\"");
    }
    positions.forEach((name, index) -> {
      var _ = new At.Named(name);
      if (index < 0) {
        throw new IllegalArgumentException(
            "position " + name + " " + index + ": expected 0, the first token, or more");
      }
    });
  }

  /**
   * Returns a prompt with one answer.
   *
   * @param corrupted empty for none
   * @param wrong empty for none
   */
  public static GivenPrompt of(
      String clean, String corrupted, String answer, String wrong, Map<String, Integer> positions) {
    return new GivenPrompt(
        clean, corrupted, List.of(answer), wrong.isEmpty() ? List.of() : List.of(wrong), positions);
  }

  /** Tells whether there is a corrupted prompt. */
  public boolean isCorrupted() {
    return !corrupted.isEmpty();
  }

  /**
   * Reads one.
   *
   * @throws IllegalArgumentException if it is none, naming the field
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  static GivenPrompt of(JsonNode json) {
    if (!json.isObject()) {
      throw wrong(
          "a prompt",
          json,
          "a map with clean and answer, and what else there is of " + String.join(", ", FIELDS));
    }
    for (var name : json.propertyNames()) {
      if (!FIELDS.contains(name)) {
        throw new IllegalArgumentException(
            name + ": there is no such field; a prompt has " + String.join(", ", FIELDS));
      }
    }
    for (var name : List.of("clean", "answer")) {
      if (!json.has(name)) {
        throw new IllegalArgumentException(name + " is missing: expected a text");
      }
    }
    return new GivenPrompt(
        text(json, "clean"),
        json.has("corrupted") ? text(json, "corrupted") : "",
        texts(json, "answer"),
        json.has("wrong") ? texts(json, "wrong") : List.of(),
        positions(json.path("positions")));
  }

  private static String text(JsonNode json, String name) {
    var value = json.path(name);
    if (!value.isString()) {
      throw wrong(name, value, "a text" + (value.isValueNode() ? ": quote it" : ""));
    }
    return value.stringValue();
  }

  private static List<String> texts(JsonNode json, String name) {
    var value = json.path(name);
    if (!value.isArray()) {
      var text = text(json, name);
      return text.isEmpty() ? List.of() : List.of(text);
    }
    var texts = new ArrayList<String>();
    for (var each : value) {
      if (!each.isString()) {
        throw wrong(name, each, "a list of texts");
      }
      texts.add(each.stringValue());
    }
    return texts;
  }

  private static Map<String, Integer> positions(JsonNode json) {
    if (!json.isMissingNode() && !json.isObject()) {
      throw wrong("positions", json, "a map of names and whole numbers, such as {S2: 10}");
    }
    var positions = new LinkedHashMap<String, Integer>();
    json.properties()
        .forEach(entry -> {
          if (!entry.getValue().isInt()) {
            throw wrong("positions." + entry.getKey(), entry.getValue(), "a whole number");
          }
          positions.put(entry.getKey(), entry.getValue().intValue());
        });
    return positions;
  }

  private static IllegalArgumentException wrong(String field, JsonNode given, String expected) {
    return new IllegalArgumentException(field + ": " + given + ": expected " + expected);
  }

  /** Returns what {@link #of(JsonNode)} reads; what there is none of is left out. */
  @JsonValue
  Map<String, Object> json() {
    var json = new LinkedHashMap<String, Object>();
    json.put("clean", clean);
    if (isCorrupted()) {
      json.put("corrupted", corrupted);
    }
    json.put("answer", answer.size() == 1 ? answer.getFirst() : answer);
    if (!wrong.isEmpty()) {
      json.put("wrong", wrong.size() == 1 ? wrong.getFirst() : wrong);
    }
    if (!positions.isEmpty()) {
      json.put("positions", positions);
    }
    return json;
  }
}
