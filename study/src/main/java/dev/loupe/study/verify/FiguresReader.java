package dev.loupe.study.verify;

import dev.loupe.study.HeadName;
import dev.loupe.study.verify.Figure.Work;
import dev.loupe.study.verify.PublishedFigures.Source;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads published figures; says of what is wrong in which file and figure it stands. */
final class FiguresReader {
  // The print counts: 0.250 has three decimals.
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(
              DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES,
              DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES,
              DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES,
              DeserializationFeature.FAIL_ON_TRAILING_TOKENS,
              DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();

  private static final Set<String> TOP =
      Set.of("model", "layers", "heads", "sources", "prompts", "figures");
  private static final Set<String> FIGURE =
      Set.of("id", "source", "where", "what", "published", "compute", "compare", "not_run");

  private final String file;

  FiguresReader(String file) {
    this.file = file;
  }

  PublishedFigures read(byte[] bytes) {
    var root = at("", () -> JSON.readTree(bytes));
    return at(
        "",
        () -> {
          requireFields(root, TOP);
          var sources = new ArrayList<Source>();
          for (var node : field(root, "sources")) {
            sources.add(at("source " + name(node), () -> JSON.treeToValue(node, Source.class)));
          }
          var prompts = new LinkedHashMap<String, PromptSet>();
          for (var set : field(root, "prompts").properties()) {
            prompts.put(
                set.getKey(),
                at(
                    "prompts " + set.getKey(),
                    () -> JSON.treeToValue(set.getValue(), PromptSet.class)));
          }
          var figures = new ArrayList<Figure>();
          for (var node : field(root, "figures")) {
            figures.add(at("figure " + name(node), () -> figure(node)));
          }
          return new PublishedFigures(
              text(root, "model"),
              count(root, "layers"),
              count(root, "heads"),
              sources,
              prompts,
              figures);
        });
  }

  private static String name(JsonNode node) {
    return node.path("id").asString("without an id");
  }

  private Figure figure(JsonNode node) {
    requireFields(node, FIGURE);
    var work =
        node.has("compute")
            ? Optional.of(
                new Work(
                    JSON.treeToValue(field(node, "compute"), Computation.class),
                    JSON.treeToValue(field(node, "compare"), Comparison.class)))
            : Optional.<Work>empty();
    return new Figure(
        text(node, "id"),
        text(node, "source"),
        text(node, "where"),
        text(node, "what"),
        published(field(node, "published"), work.map(Work::computation)),
        work,
        node.has("not_run") ? text(node, "not_run") : "");
  }

  // ---- What is published

  private static Published published(JsonNode node, Optional<Computation> computation) {
    if (node.isObject()) {
      var values = new LinkedHashMap<String, JsonNode>();
      node.properties().forEach(entry -> values.put(entry.getKey(), entry.getValue()));
      return numbers(values, false);
    }
    if (!node.isArray() || node.isEmpty()) {
      throw new IllegalArgumentException(
          "published: expected labels with numbers, a list of numbers or heads, or rows");
    }
    if (node.get(0).isString()) {
      return new Published.Heads(
          StreamSupport.stream(node.spliterator(), false)
              .map(head -> HeadName.parse(head.asString("")))
              .toList());
    }
    var values = new LinkedHashMap<String, JsonNode>();
    for (int row = 0; row < node.size(); row++) {
      if (node.get(row).isArray()) {
        requireWidth(node, row);
        for (int column = 0; column < node.get(row).size(); column++) {
          int[] at = {row, column};
          var label =
              computation
                  .map(it -> it.label(at[0], at[1]))
                  .orElseGet(() -> "row " + at[0] + " column " + at[1]);
          values.put(label, node.get(row).get(column));
        }
      } else {
        values.put(Integer.toString(row), node.get(row));
      }
    }
    return numbers(values, true);
  }

  private static void requireWidth(JsonNode rows, int row) {
    if (rows.get(row).size() != rows.get(0).size()) {
      throw new IllegalArgumentException(
          "published: row %d has %d numbers, row 0 has %d"
              .formatted(row, rows.get(row).size(), rows.get(0).size()));
    }
  }

  private static Published.Numbers numbers(SequencedMap<String, JsonNode> nodes, boolean whole) {
    var values = new LinkedHashMap<String, Double>();
    int decimals = 0;
    for (var entry : nodes.entrySet()) {
      if (!entry.getValue().isNumber()) {
        throw new IllegalArgumentException(
            "published %s is %s: expected a number".formatted(entry.getKey(), entry.getValue()));
      }
      var printed = entry.getValue().decimalValue();
      decimals = Math.max(decimals, printed.scale());
      values.put(entry.getKey(), printed.doubleValue());
    }
    return new Published.Numbers(values, Math.min(decimals, 6), whole);
  }

  // ---- Fields

  private static void requireFields(JsonNode node, Set<String> known) {
    if (!node.isObject()) {
      throw new IllegalArgumentException("expected a JSON object");
    }
    for (var name : node.propertyNames()) {
      if (!known.contains(name)) {
        throw new IllegalArgumentException(
            "unknown field " + name + "; there are " + new TreeSet<>(known));
      }
    }
  }

  private static JsonNode field(JsonNode node, String name) {
    var found = node.get(name);
    if (found == null) {
      throw new IllegalArgumentException("no field " + name);
    }
    return found;
  }

  private static String text(JsonNode node, String name) {
    var found = field(node, name);
    if (!found.isString() || found.asString().isBlank()) {
      throw new IllegalArgumentException(name + " is " + found + ": expected a text");
    }
    return found.asString();
  }

  private static int count(JsonNode node, String name) {
    var found = field(node, name);
    if (!found.isInt() || found.intValue() < 1) {
      throw new IllegalArgumentException(name + " is " + found + ": expected a number from 1");
    }
    return found.intValue();
  }

  /** Says of what a body refuses where it stands. */
  private <T> T at(String place, Supplier<T> body) {
    try {
      return body.get();
    } catch (JacksonException e) {
      // What a record refuses of itself is the cause; the rest is Jackson's own.
      var cause = e.getCause();
      throw wrong(place, cause == null ? plain(e) : cause.getMessage(), e);
    } catch (IllegalArgumentException e) {
      throw wrong(place, e.getMessage(), e);
    }
  }

  /** Its message without the names of classes, which say nothing to who wrote the file. */
  private static String plain(JacksonException e) {
    var where = e.getLocation();
    boolean isPlace = e instanceof StreamReadException && where != null && where.getLineNr() > 0;
    return (isPlace
            ? "line " + where.getLineNr() + ", column " + where.getColumnNr() + ": no valid JSON: "
            : "")
        + e.getOriginalMessage()
            .replaceFirst(
                "Could not resolve type id '(.*?)' as a subtype of .*?: known type ids =",
                "kind \"$1\": expected one of")
            .replaceFirst(" \\(class [^)]*\\), not marked as ignorable", "");
  }

  private IllegalArgumentException wrong(String place, @Nullable String message, Exception cause) {
    var text = String.valueOf(message);
    return text.startsWith(file + ": ")
        ? new IllegalArgumentException(text, cause)
        : new IllegalArgumentException(
            file + ": " + (place.isEmpty() ? "" : place + ": ") + text, cause);
  }
}
