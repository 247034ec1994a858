package dev.loupe.study.run;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/**
 * Two runs side by side.
 *
 * @param options what was asked differently
 * @param circumstances what differs in where the numbers come from
 * @param numbers single numbers and texts that both or one of them found, to six digits, those of
 *     lists and of heads aside
 * @param lists how the values in lists and of heads compare, a line a list
 */
public record RunComparison(
    List<Row> options, List<Row> circumstances, List<Row> numbers, List<ListRow> lists) {
  private static final Set<String> PASSING =
      Set.of("time", "seconds", "stages", "command", "files", "seeds", "sweep_memory");

  // Places of lists, and heads and nodes where a map has them.
  private static final Pattern ELEMENT =
      Pattern.compile("\\[[0-9]+\\]|\\.(L[0-9]+(H[0-9]+)?|a[0-9]+\\.h[0-9]+|m[0-9]+)(?=\\.|$)");

  private static final MathContext DIGITS = new MathContext(6);

  /**
   * A value of both.
   *
   * @param path its dotted name
   * @param first what the first run has; empty where it has none
   * @param second what the second run has
   * @param change second - first, of two numbers
   */
  public record Row(
      String path, Optional<String> first, Optional<String> second, OptionalDouble change) {
    /** Tells whether both have the same. */
    public boolean isSame() {
      return first.equals(second) && change.orElse(0) == 0;
    }
  }

  /**
   * The values of a list of both, element by element.
   *
   * @param path its dotted name, {@code []} standing for any element
   * @param compared how many values both have
   * @param onlyOne how many only one of them has
   * @param differing how many of those that both have are not the same
   * @param largest the largest difference, of numbers
   * @param where the element that has it, such as {@code [3]} or {@code L2H5}
   */
  public record ListRow(
      String path, int compared, int onlyOne, int differing, OptionalDouble largest, String where) {
    /** Tells whether both have the same. */
    public boolean isSame() {
      return onlyOne == 0 && differing == 0;
    }
  }

  /** Copies the lists. */
  public RunComparison {
    options = List.copyOf(options);
    circumstances = List.copyOf(circumstances);
    numbers = List.copyOf(numbers);
    lists = List.copyOf(lists);
  }

  /** Compares two runs. */
  public static RunComparison of(RunSummary first, RunSummary second) {
    var a = Scalars.of(first.findings());
    var b = Scalars.of(second.findings());
    return new RunComparison(
        differing(Scalars.of(spec(first)), Scalars.of(spec(second)), Set.of()),
        differing(
            Scalars.of(first.json().path("provenance")),
            Scalars.of(second.json().path("provenance")),
            PASSING),
        single(a, b),
        lists(a, b));
  }

  /** Commands that are no studies keep what was typed, not a specification. */
  private static JsonNode spec(RunSummary run) {
    if (run.json().has("spec")) {
      return run.json().path("spec");
    }
    var spec = SpecText.TREES.createObjectNode();
    spec.put("study", run.study());
    spec.put("command", run.fact("command"));
    return spec;
  }

  private static List<Row> differing(
      Map<String, JsonNode> a, Map<String, JsonNode> b, Set<String> but) {
    var rows = new ArrayList<Row>();
    for (var path : union(a, b)) {
      var root = path.replaceFirst("[.\\[].*", "");
      var first = Optional.ofNullable(a.get(path));
      var second = Optional.ofNullable(b.get(path));
      if (!but.contains(root) && !first.equals(second)) {
        rows.add(row(path, first, second));
      }
    }
    return rows;
  }

  private static List<Row> single(Map<String, JsonNode> a, Map<String, JsonNode> b) {
    var rows = new ArrayList<Row>();
    for (var path : union(a, b)) {
      if (isElement(path) || isPartOfEstimate(path, a) || isPartOfEstimate(path, b)) {
        continue;
      }
      var row = row(path, Optional.ofNullable(a.get(path)), Optional.ofNullable(b.get(path)));
      rows.add(
          new Row(
              path.replaceFirst("\\.mean$", ""),
              row.first().map(text -> text + error(path, a)),
              row.second().map(text -> text + error(path, b)),
              row.change()));
    }
    return rows;
  }

  /** An estimate is one number to a reader: its error stands beside it. */
  private static boolean isPartOfEstimate(String path, Map<String, JsonNode> leaves) {
    return path.matches(".*\\.(standard_error|n)")
        && leaves.containsKey(path.replaceFirst("[^.]*$", "mean"));
  }

  private static String error(String path, Map<String, JsonNode> leaves) {
    var error =
        Optional.ofNullable(leaves.get(path.replaceFirst("mean$", "standard_error")))
            .filter(it -> path.endsWith(".mean") && it.isNumber());
    return error.map(it -> " ± " + said(it)).orElse("");
  }

  private static Row row(String path, Optional<JsonNode> first, Optional<JsonNode> second) {
    var a = first.filter(JsonNode::isNumber);
    var b = second.filter(JsonNode::isNumber);
    return new Row(
        path,
        first.map(RunComparison::said),
        second.map(RunComparison::said),
        a.isPresent() && b.isPresent()
            ? OptionalDouble.of(b.get().asDouble() - a.get().asDouble())
            : OptionalDouble.empty());
  }

  /** A person compares some digits; SQL has them all. */
  private static String said(JsonNode node) {
    if (node.isFloatingPointNumber() && Double.isFinite(node.asDouble())) {
      var rounded = BigDecimal.valueOf(node.asDouble()).round(DIGITS).stripTrailingZeros();
      return rounded.scale() > 2 * DIGITS.getPrecision()
          ? rounded.toString()
          : rounded.toPlainString();
    }
    return node.isString() ? node.asString() : node.toString();
  }

  private static List<ListRow> lists(Map<String, JsonNode> a, Map<String, JsonNode> b) {
    var lists = new LinkedHashMap<String, List<String>>();
    for (var path : union(a, b)) {
      if (isElement(path) && !isPartOfEstimate(path, a) && !isPartOfEstimate(path, b)) {
        lists.computeIfAbsent(anyElement(path), _ -> new ArrayList<>()).add(path);
      }
    }
    return lists.entrySet().stream()
        .map(list -> list(list.getKey().replaceFirst("\\.mean$", ""), list.getValue(), a, b))
        .toList();
  }

  private static ListRow list(
      String list, List<String> paths, Map<String, JsonNode> a, Map<String, JsonNode> b) {
    int compared = 0;
    int differing = 0;
    double largest = -1;
    var where = "";
    for (var path : paths) {
      var first = a.get(path);
      var second = b.get(path);
      if (first == null || second == null) {
        continue;
      }
      compared++;
      boolean same = first.equals(second);
      if (first.isNumber() && second.isNumber()) {
        double apart = Math.abs(second.asDouble() - first.asDouble());
        same = apart == 0;
        if (apart > largest) {
          largest = apart;
          where = element(path);
        }
      }
      differing += same ? 0 : 1;
    }
    return new ListRow(
        list,
        compared,
        paths.size() - compared,
        differing,
        largest < 0 ? OptionalDouble.empty() : OptionalDouble.of(largest),
        where);
  }

  /** Returns which element of its list a path is. */
  private static String element(String path) {
    return ELEMENT
        .matcher(path)
        .results()
        .map(it -> it.group().replaceFirst("^\\.", ""))
        .collect(Collectors.joining(" "));
  }

  private static boolean isElement(String path) {
    return ELEMENT.matcher(path).find();
  }

  private static String anyElement(String path) {
    return ELEMENT.matcher(path).replaceAll("[]");
  }

  private static Set<String> union(Map<String, JsonNode> a, Map<String, JsonNode> b) {
    var paths = new LinkedHashSet<>(a.keySet());
    paths.addAll(b.keySet());
    return paths;
  }
}
