package dev.loupe.study;

import dev.loupe.circuit.Candidate;
import dev.loupe.circuit.CircuitComparison;
import dev.loupe.circuit.CircuitComparison.Mismatch;
import dev.loupe.circuit.CircuitJson;
import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.Filling;
import dev.loupe.circuit.WriteBudget;
import dev.loupe.circuit.WriteCosts;
import dev.loupe.study.StudyTable.Column;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What studies that choose a circuit have in common: its budget, and an earlier one beside it. */
public final class CircuitParts {
  private CircuitParts() {}

  /**
   * Compares a circuit with an earlier one.
   *
   * @param name of the file in the specification; none where it is empty
   * @param ranks what nodes were chosen by
   * @throws IllegalArgumentException if the file is absent or no circuit of this model
   */
  public static Optional<CircuitComparison> compare(
      StudyContext context,
      String name,
      Filling found,
      Map<CircuitNode, CircuitComparison.Rank> ranks) {
    if (name.isEmpty()) {
      return Optional.empty();
    }
    var earlier = CircuitJson.readNodes(context.file(name));
    for (var node : earlier) {
      try {
        node.requireIn(context.model().config());
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
      }
    }
    return Optional.of(CircuitComparison.of(found.circuit().nodes(), earlier, ranks));
  }

  /**
   * Begins a circuit with the input, which is always in.
   *
   * @param option how the budget was given
   * @throws IllegalArgumentException if the input is counted and does not fit
   */
  public static Filling withInput(WriteCosts costs, WriteBudget option, int budget) {
    if (budget < costs.input()) {
      throw new IllegalArgumentException(
          "write_budget %s: %d, but the input, which is always in, writes %d; expected at least that"
              .formatted(option, budget, costs.input()));
    }
    return Filling.of(costs, budget).with(List.of(new Candidate(CircuitNode.input(), "input")));
  }

  /** Returns a filled budget as JSON, a step a node. */
  public static Map<String, @Nullable Object> json(Filling filling) {
    return ReadingJson.part()
        .put("most", whole(filling.budget()))
        .put("used", whole(filling.used()))
        .put("costs", costs(filling))
        .put("steps", filling.steps().stream().map(CircuitParts::json).toList())
        .map();
  }

  private static Map<String, @Nullable Object> costs(Filling filling) {
    return ReadingJson.part()
        .put("head", whole(filling.costs().head()))
        .put("mlp", whole(filling.costs().mlp()))
        .put("input", whole(filling.costs().input()))
        .map();
  }

  private static Map<String, @Nullable Object> json(Filling.Step step) {
    var json =
        ReadingJson.part()
            .put("node", step.candidate().node().toString())
            .put("class", step.candidate().reason());
    if (step.candidate().score().n() > 0) {
      json.put("score", step.candidate().score());
    }
    return json.put("cost", whole(step.cost())).put("total", whole(step.total())).map();
  }

  /** Returns a filled budget as a table, a row a step. */
  public static StudyTable steps(Filling filling) {
    var table =
        StudyTable.of(
            "budget_steps",
            Column.whole("step"),
            Column.text("node"),
            Column.text("class"),
            Column.number("mean"),
            Column.number("standard_error"),
            Column.whole("cost"),
            Column.whole("total"));
    int number = 0;
    for (var step : filling.steps()) {
      var candidate = step.candidate();
      table.row(
          ++number,
          candidate.node().toString(),
          candidate.reason(),
          candidate.score().mean(),
          candidate.score().standardError(),
          step.cost(),
          step.total());
    }
    return table.build();
  }

  /** Returns a comparison as JSON. */
  public static Map<String, @Nullable Object> json(CircuitComparison found) {
    return ReadingJson.part()
        .put("jaccard", found.jaccard())
        .put("precision", found.precision())
        .put("recall", found.recall())
        .put("matching", found.matching().stream().map(CircuitNode::toString).toList())
        .put("only_here", found.onlyHere().stream().map(CircuitParts::json).toList())
        .put("only_there", found.onlyThere().stream().map(CircuitParts::json).toList())
        .put(
            "order_differences",
            found.moved().stream()
                .map(moved ->
                    ReadingJson.part()
                        .put("node", moved.node().toString())
                        .put("place_here", whole(moved.here()))
                        .put("place_there", whole(moved.there()))
                        .map())
                .toList())
        .map();
  }

  private static Map<String, @Nullable Object> json(Mismatch mismatch) {
    var json = ReadingJson.part().put("node", mismatch.node().toString());
    mismatch
        .rank()
        .ifPresent(rank ->
            json.put("score", rank.score())
                .put("rank", whole(rank.rank()))
                .put("of", whole(rank.of())));
    return json.map();
  }

  /** Returns the nodes of a comparison as a table, each with where it is. */
  public static StudyTable table(CircuitComparison found) {
    var table =
        StudyTable.of(
            "comparison",
            Column.text("node"),
            Column.truth("here"),
            Column.truth("there"),
            Column.number("score"),
            Column.number("standard_error"),
            Column.whole("rank"),
            Column.whole("ranked"));
    found
        .matching()
        .forEach(node -> table.row(node.toString(), true, true, null, null, null, null));
    mismatches(table, found.onlyHere(), true);
    mismatches(table, found.onlyThere(), false);
    return table.build();
  }

  private static void mismatches(
      StudyTable.Builder table, List<Mismatch> mismatches, boolean here) {
    for (var mismatch : mismatches) {
      var name = mismatch.node().toString();
      mismatch
          .rank()
          .ifPresentOrElse(
              rank ->
                  table.row(
                      name,
                      here,
                      !here,
                      rank.score().mean(),
                      rank.score().standardError(),
                      rank.rank(),
                      rank.of()),
              () -> table.row(name, here, !here, null, null, null, null));
    }
  }

  /** A count is written as 3, not as 3.0. */
  private static Object whole(int number) {
    return number;
  }
}
