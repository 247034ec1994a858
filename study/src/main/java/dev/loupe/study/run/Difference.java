package dev.loupe.study.run;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import tools.jackson.databind.JsonNode;

/**
 * Something that a run and its replay have differently.
 *
 * @param pointer where: a JSON pointer such as {@code /heads/3/recovery/mean}
 * @param before what the run has; empty where only the replay has it
 * @param after what the replay has; empty where only the run has it
 * @param relative of two numbers: |after - before| by the larger magnitude
 */
public record Difference(
    String pointer, Optional<String> before, Optional<String> after, OptionalDouble relative) {

  /**
   * Compares two trees.
   *
   * @param tolerance numbers that differ by no more, scaled by the larger magnitude above 1, count
   *     as the same
   */
  static List<Difference> between(JsonNode before, JsonNode after, double tolerance) {
    var found = new ArrayList<Difference>();
    collect("", before, after, tolerance, found);
    return found;
  }

  private static void collect(
      String at, JsonNode before, JsonNode after, double tolerance, List<Difference> found) {
    if (before.isObject() && after.isObject()) {
      var names = new LinkedHashSet<>(before.propertyNames());
      names.addAll(after.propertyNames());
      for (var name : names) {
        var step = at + "/" + name.replace("~", "~0").replace("/", "~1");
        collect(step, before.path(name), after.path(name), tolerance, found);
      }
    } else if (before.isArray() && after.isArray()) {
      for (int i = 0; i < Math.max(before.size(), after.size()); i++) {
        collect(at + "/" + i, before.path(i), after.path(i), tolerance, found);
      }
    } else if (before.isNumber() && after.isNumber()) {
      numbers(at, before, after, tolerance).ifPresent(found::add);
    } else if (!before.equals(after)) {
      found.add(new Difference(at, said(before), said(after), OptionalDouble.empty()));
    }
  }

  private static Optional<Difference> numbers(
      String at, JsonNode before, JsonNode after, double tolerance) {
    double a = before.asDouble();
    double b = after.asDouble();
    boolean same =
        (before.isIntegralNumber() && after.isIntegralNumber())
            ? before.bigIntegerValue().equals(after.bigIntegerValue())
            : Double.compare(a, b) == 0;
    double larger = Math.max(Math.abs(a), Math.abs(b));
    double apart = Math.abs(b - a);
    if (same || (tolerance > 0 && apart <= tolerance * Math.max(1, larger))) {
      return Optional.empty();
    }
    return Optional.of(
        new Difference(
            at,
            said(before),
            said(after),
            larger == 0 ? OptionalDouble.empty() : OptionalDouble.of(apart / larger)));
  }

  private static Optional<String> said(JsonNode node) {
    return node.isMissingNode()
        ? Optional.empty()
        : Optional.of(node.isString() ? node.asString() : summary(node));
  }

  /** A tree that stands against a value is told by its size. */
  private static String summary(JsonNode node) {
    if (node.isArray()) {
      return "a list of " + node.size();
    }
    return node.isObject()
        ? "a map of " + String.join(", ", listed(node.propertyNames().iterator()))
        : node.toString();
  }

  private static List<String> listed(Iterator<String> names) {
    var list = new ArrayList<String>();
    names.forEachRemaining(list::add);
    return list;
  }
}
