package dev.loupe.explorer;

import dev.loupe.lens.At;
import dev.loupe.lens.Head;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.InterventionJson;
import dev.loupe.lens.Metric;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.StandardMetric;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The state of the page, as it asks: what is looked at, and what is changed.
 *
 * @param clean the text that shows a behaviour
 * @param corrupted the text that does not; empty where there is none
 * @param answer the text of the token that is right; empty where there is none
 * @param wrong the text of the token that it is measured against; empty where there is none
 * @param positions tokens of the clean text by name
 * @param direction which run is intervened in
 * @param at the token that is looked at; -1 is the last
 * @param head the head that is looked at
 * @param interventions those that are switched on
 */
record Question(
    String clean,
    String corrupted,
    String answer,
    String wrong,
    Map<String, Integer> positions,
    Metric metric,
    PatchDirection direction,
    int at,
    Head head,
    List<Intervention> interventions) {
  static final int MOST_CHARACTERS = 4000;
  static final int MOST_INTERVENTIONS = 64;
  private static final int MOST_POSITIONS = 64;

  /** Copies the collections; refuses an empty prompt. */
  Question {
    positions = Collections.unmodifiableMap(new LinkedHashMap<>(positions));
    interventions = List.copyOf(interventions);
    if (clean.isBlank()) {
      throw new BadQuestion("clean", "There is no clean text yet: type a prompt.");
    }
  }

  /**
   * Reads the page's JSON; fields that it does not know are of other requests.
   *
   * @throws BadQuestion naming the field that is missing, of another kind or too large
   */
  static Question read(JsonNode json) {
    if (!json.isObject()) {
      throw new BadQuestion("clean", "Expected an object with a field clean, got " + json);
    }
    return new Question(
        text(json, "clean"),
        text(json, "corrupted"),
        text(json, "answer"),
        text(json, "wrong"),
        positions(json.path("positions")),
        metric(text(json, "metric")),
        direction(text(json, "direction")),
        integer(json, "at", -1),
        new Head(natural(json, "layer"), natural(json, "head")),
        interventions(json.path("interventions")));
  }

  /** Returns this question with other names of tokens. */
  Question withPositions(Map<String, Integer> newPositions) {
    return new Question(
        clean, corrupted, answer, wrong, newPositions, metric, direction, at, head, interventions);
  }

  /** Returns a text of the page's JSON; empty where there is none. */
  static String text(JsonNode json, String field) {
    var value = json.path(field);
    if (value.isMissingNode() || value.isNull()) {
      return "";
    }
    if (!value.isString()) {
      throw new BadQuestion(field, "%s is %s: expected a text".formatted(field, value));
    }
    var text = value.stringValue();
    if (text.length() > MOST_CHARACTERS) {
      throw new BadQuestion(
          field,
          "%s has %,d characters: expected at most %,d"
              .formatted(field, text.length(), MOST_CHARACTERS));
    }
    return text;
  }

  private static int integer(JsonNode json, String field, int otherwise) {
    var value = json.path(field);
    if (value.isMissingNode() || value.isNull()) {
      return otherwise;
    }
    if (!value.canConvertToInt() || !value.isIntegralNumber()) {
      throw new BadQuestion(field, "%s is %s: expected a whole number".formatted(field, value));
    }
    return value.intValue();
  }

  private static int natural(JsonNode json, String field) {
    int value = integer(json, field, 0);
    if (value < 0) {
      throw new BadQuestion(field, "%s is %d: expected 0 or more".formatted(field, value));
    }
    return value;
  }

  private static Metric metric(String name) {
    if (name.isEmpty()) {
      return StandardMetric.LOGIT_DIFFERENCE;
    }
    try {
      if (Metric.parse(name) instanceof StandardMetric metric) {
        return metric;
      }
    } catch (IllegalArgumentException e) {
      throw bad("metric", e);
    }
    throw new BadQuestion(
        "metric",
        "%s: the share that is recovered is shown of every metric; name the metric itself"
            .formatted(name));
  }

  private static PatchDirection direction(String name) {
    return switch (name) {
      case "", "clean" -> PatchDirection.NOISING;
      case "corrupted" -> PatchDirection.DENOISING;
      default ->
          throw new BadQuestion(
              "direction", "direction is \"%s\": expected clean or corrupted".formatted(name));
    };
  }

  private static Map<String, Integer> positions(JsonNode json) {
    if (!json.isMissingNode() && !json.isNull() && !json.isObject()) {
      throw new BadQuestion("positions", "positions is %s: expected an object".formatted(json));
    }
    if (json.size() > MOST_POSITIONS) {
      throw new BadQuestion(
          "positions", "%d positions: expected at most %d".formatted(json.size(), MOST_POSITIONS));
    }
    var positions = new LinkedHashMap<String, Integer>();
    for (var entry : json.properties()) {
      var at = entry.getValue();
      if (!at.isIntegralNumber() || !at.canConvertToInt() || at.intValue() < 0) {
        throw new BadQuestion(
            "positions", "%s is at %s: expected 0 or more".formatted(entry.getKey(), at));
      }
      try {
        var named = new At.Named(entry.getKey());
        // The last token has that name, whatever becomes of the text.
        if (!named.equals(At.END)) {
          positions.put(named.name(), at.intValue());
        }
      } catch (IllegalArgumentException e) {
        throw bad("positions", e);
      }
    }
    return positions;
  }

  private static List<Intervention> interventions(JsonNode json) {
    if (!json.isMissingNode() && !json.isNull() && !json.isArray()) {
      throw new BadQuestion(
          "interventions", "interventions is %s: expected a list".formatted(json));
    }
    if (json.size() > MOST_INTERVENTIONS) {
      throw new BadQuestion(
          "interventions",
          "%d interventions: expected at most %d".formatted(json.size(), MOST_INTERVENTIONS));
    }
    var on = new ArrayList<Intervention>();
    for (int i = 0; i < json.size(); i++) {
      if (!(json.get(i) instanceof ObjectNode entry)) {
        throw new BadQuestion(
            "interventions",
            "Intervention %d is %s: expected an object".formatted(i + 1, json.get(i)));
      }
      var written = entry.deepCopy();
      var isOn = written.remove("on");
      if (isOn == null || isOn.asBoolean(true)) {
        try {
          on.add(InterventionJson.intervention(written));
        } catch (IllegalArgumentException e) {
          throw new BadQuestion(
              "interventions", "Intervention %d: %s".formatted(i + 1, e.getMessage()));
        }
      }
    }
    return on;
  }

  /** Returns an error of a field. */
  static BadQuestion bad(String field, IllegalArgumentException cause) {
    var bad = new BadQuestion(field, String.valueOf(cause.getMessage()));
    bad.initCause(cause);
    return bad;
  }
}
