package dev.loupe.study.run;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/**
 * Compares a tree of options with the record that it is to become, before it does: so that errors
 * name the option as the user writes it, and nothing is converted that was not meant.
 */
final class OptionCheck {
  private static final Set<Class<?>> WHOLE =
      Set.of(int.class, Integer.class, long.class, Long.class);
  private static final Set<Class<?>> NUMBERS = Set.of(double.class, Double.class);
  private static final Set<Class<?>> TRUTHS = Set.of(boolean.class, Boolean.class);

  private final String source;

  /**
   * Checks what comes from a source.
   *
   * @param source a file, or the option of a command line
   */
  OptionCheck(String source) {
    this.source = source;
  }

  /** Returns the options of a record by the names that they have in a specification. */
  static Map<String, RecordComponent> options(Class<?> type) {
    var options = new LinkedHashMap<String, RecordComponent>();
    for (var component : type.getRecordComponents()) {
      options.put(SpecText.snake(component.getName()), component);
    }
    return options;
  }

  /**
   * Checks some options of a record; those that are not named keep what they are.
   *
   * @param others keys that stand beside them
   */
  void part(ObjectNode given, Class<?> type, List<String> others) {
    record(given, type, "", others, false);
  }

  private void record(
      JsonNode given, Class<?> type, String path, List<String> others, boolean isWhole) {
    var options = options(type);
    if (!(given instanceof ObjectNode object)) {
      throw wrong(path, given, "a map with " + String.join(", ", options.keySet()));
    }
    var names = new ArrayList<>(others);
    names.addAll(options.keySet());
    for (var key : List.copyOf(object.propertyNames())) {
      if (others.contains(key)) {
        continue;
      }
      var option = options.get(key);
      if (option == null) {
        throw new IllegalArgumentException(
            source
                + ": "
                + dotted(path, key)
                + ": there is no such option; "
                + (path.isEmpty() ? "there are " : path + " has ")
                + String.join(", ", names)
                + Near.question(key, names));
      }
      object.set(key, value(object.path(key), option.getGenericType(), dotted(path, key)));
    }
    if (isWhole) {
      for (var name : options.keySet()) {
        if (!object.has(name)) {
          throw new IllegalArgumentException(
              source
                  + ": "
                  + dotted(path, name)
                  + " is missing: expected "
                  + String.join(", ", names));
        }
      }
    }
  }

  /** Returns the value as it is to be read: a word of its own kind may look like a number. */
  private JsonNode value(JsonNode given, Type type, String path) {
    if (type instanceof ParameterizedType list && list.getRawType().equals(List.class)) {
      elements(given, list.getActualTypeArguments()[0], path);
    } else if (type instanceof Class<?> kind) {
      if (isOwnForm(kind)) {
        require(!given.isNull(), path, given, "a value");
        return given.isNumber() ? StringNode.valueOf(given.asString()) : given;
      }
      scalar(given, kind, path);
    }
    return given;
  }

  private void elements(JsonNode given, Type type, String path) {
    if (!given.isArray()) {
      throw wrong(path, given, "a list");
    }
    for (int i = 0; i < given.size(); i++) {
      var at = path + "[" + i + "]";
      if (type instanceof Class<?> kind && kind.isRecord() && !isOwnForm(kind)) {
        record(given.path(i), kind, at, List.of(), true);
      } else {
        var _ = value(given.path(i), type, at);
      }
    }
  }

  private void scalar(JsonNode given, Class<?> kind, String path) {
    if (kind.isRecord()) {
      record(given, kind, path, List.of(), false);
    } else if (kind.equals(String.class)) {
      require(given.isString(), path, given, "a text" + (given.isValueNode() ? ": quote it" : ""));
    } else if (WHOLE.contains(kind)) {
      boolean isLong = kind.equals(long.class) || kind.equals(Long.class);
      boolean fits = isLong ? given.canConvertToLong() : given.canConvertToInt();
      require(
          given.isIntegralNumber() && fits,
          path,
          given,
          given.isIntegralNumber()
              ? "a whole number that " + (isLong ? "64" : "32") + " bits hold"
              : "a whole number");
    } else if (NUMBERS.contains(kind)) {
      require(
          given.isNumber() && Double.isFinite(given.asDouble()), path, given, "a finite number");
    } else if (TRUTHS.contains(kind)) {
      require(given.isBoolean(), path, given, "true or false");
    } else if (kind.isEnum()) {
      var words = Arrays.stream(kind.getEnumConstants()).map(Object::toString).toList();
      if (!given.isString() || !words.contains(given.asString())) {
        throw new IllegalArgumentException(
            wrong(path, given, String.join(", ", words)).getMessage()
                + Near.question(given.asString(""), words));
      }
    }
  }

  /** Tells whether a type says itself how it is read and written. */
  private static boolean isOwnForm(Class<?> type) {
    return Arrays.stream(type.getDeclaredMethods())
        .anyMatch(it ->
            it.isAnnotationPresent(JsonValue.class) || it.isAnnotationPresent(JsonCreator.class));
  }

  private void require(boolean holds, String path, JsonNode given, String expected) {
    if (!holds) {
      throw wrong(path, given, expected);
    }
  }

  private IllegalArgumentException wrong(String path, JsonNode given, String expected) {
    return new IllegalArgumentException(
        source
            + ": "
            + (path.isEmpty() ? "" : path + ": ")
            + said(given)
            + ": expected "
            + expected);
  }

  /** Returns what was given, in the words of a person. */
  static String said(JsonNode given) {
    if (given.isNull() || given.isMissingNode()) {
      return "no value";
    }
    if (given.isObject()) {
      return given.isEmpty()
          ? "an empty map"
          : "a map with " + String.join(", ", given.propertyNames());
    }
    if (given.isArray()) {
      return "a list of " + given.size();
    }
    return given.isString() ? "the text " + given : given.toString();
  }

  private static String dotted(String path, String key) {
    return path.isEmpty() ? key : path + "." + key;
  }
}
