package dev.loupe.lens;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;

/** The fields of a JSON object, which are all to be read: one that is not is a slip of the pen. */
final class JsonFields {
  private final String what;
  private final JsonNode json;
  private final Set<String> read = new HashSet<>();

  private JsonFields(String what, JsonNode json) {
    this.what = what;
    this.json = json;
  }

  static JsonFields of(String what, JsonNode json) {
    if (!json.isObject()) {
      throw new IllegalArgumentException(what + " " + json + ": expected an object");
    }
    return new JsonFields(what, json);
  }

  boolean has(String field) {
    return json.has(field);
  }

  JsonNode get(String field) {
    read.add(field);
    var value = json.get(field);
    if (value == null) {
      throw new IllegalArgumentException(what + " " + json + ": lacks the field \"" + field + "\"");
    }
    return value;
  }

  String text(String field) {
    return require(field, JsonNode::isString, "a text").stringValue();
  }

  int integer(String field) {
    return require(field, JsonNode::isInt, "a whole number").intValue();
  }

  long wholeNumber(String field) {
    return require(field, n -> n.isInt() || n.isLong(), "a whole number").longValue();
  }

  double number(String field) {
    return require(field, JsonNode::isNumber, "a number").doubleValue();
  }

  List<Double> numbers(String field) {
    var numbers = new ArrayList<Double>();
    for (var value : require(field, JsonNode::isArray, "a list of numbers")) {
      if (!value.isNumber()) {
        throw wrong(field, value, "numbers");
      }
      numbers.add(value.doubleValue());
    }
    return numbers;
  }

  private JsonNode require(String field, Predicate<JsonNode> suits, String expected) {
    var value = get(field);
    if (!suits.test(value)) {
      throw wrong(field, value, expected);
    }
    return value;
  }

  private IllegalArgumentException wrong(String field, JsonNode value, String expected) {
    return new IllegalArgumentException(
        what + " field \"" + field + "\" is " + value + ": expected " + expected);
  }

  /**
   * Checks that every field has been read.
   *
   * @throws IllegalArgumentException naming those that have not
   */
  void requireNoOther() {
    var unknown = json.propertyNames().stream().filter(name -> !read.contains(name)).toList();
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          what + " " + json + ": unknown field " + String.join(", ", unknown));
    }
  }
}
