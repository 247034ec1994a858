package dev.loupe.report.study;

import dev.loupe.circuit.CircuitComparison;
import dev.loupe.circuit.CircuitComparison.Mismatch;
import dev.loupe.circuit.Filling;
import dev.loupe.lens.Estimate;
import dev.loupe.report.BarChart;
import dev.loupe.report.Block;
import dev.loupe.report.Cell;
import dev.loupe.report.Column;
import dev.loupe.report.Numbers;
import dev.loupe.report.Prose;
import dev.loupe.report.Section;
import dev.loupe.report.Table;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Tells what the studies that choose a circuit have in common. */
final class CircuitBlocks {
  private CircuitBlocks() {}

  static String signed(double value) {
    return Double.isNaN(value) ? "-" : Numbers.fixed(value, 2, true);
  }

  static String plain(double value) {
    return Double.isNaN(value) ? "-" : Numbers.fixed(value, 2, false);
  }

  static String percent(double share) {
    return Double.isNaN(share) ? "-" : Numbers.fixed(100 * share, 1, false) + " %";
  }

  /** Return such as {@code 1.23 ± 0.04}, with the error only where there is one. */
  static String plain(Estimate value) {
    return plain(value.mean())
        + (Double.isFinite(value.standardError()) ? " ± " + plain(value.standardError()) : "");
  }

  /** Return a whole number as it is read: {@code 11,200}. */
  static String whole(int number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  /** Return a count and what is counted: {@code 1 head}, {@code 2 heads}. */
  static String count(int number, String what) {
    return number + " " + what + (number == 1 ? "" : "s");
  }

  static String names(Collection<?> nodes) {
    return nodes.isEmpty()
        ? "none"
        : nodes.stream().map(Object::toString).collect(Collectors.joining(", "));
  }

  static BarChart.Bar bar(String label, Estimate value) {
    double error = Numbers.NORMAL_95 * value.standardError();
    return new BarChart.Bar(label, value.mean(), Double.isFinite(error) ? error : 0);
  }

  /** Say what the circuit has and writes. */
  static String size(Filling filling) {
    var circuit = filling.circuit();
    return "The circuit has %s: the input, %s and %s. It writes `%s` of a budget of %s dimensions"
            .formatted(
                count(circuit.nodes().size(), "node"),
                count(circuit.mlps().size(), "MLP"),
                count(circuit.heads().size(), "head"),
                whole(filling.used()),
                whole(filling.budget()))
        + " (%s).".formatted(percent((double) filling.used() / filling.budget()));
  }

  /** Return the budget as it was filled, a row a step, in which order, and how to read it. */
  static List<Block> budget(Filling filling, String score, String over, String order) {
    var table =
        Table.titled(
            "The write budget, step by step",
            Column.number("step", 0),
            Column.label("node"),
            Column.text("taken as"),
            Column.number("score", 3).explained(score),
            Column.error(3, over),
            Column.number("writes", 0).explained("dimensions of the residual stream"),
            Column.number("in all", 0).explained("what is written with it"));
    int number = 0;
    for (var step : filling.steps()) {
      var candidate = step.candidate();
      table.row(
          Cell.of(++number),
          Cell.of(candidate.node().toString()),
          Cell.of(candidate.reason()),
          Cell.of(candidate.score().mean()),
          Cell.of(candidate.score().standardError()),
          Cell.of(step.cost()),
          Cell.of(step.total()));
    }
    var costs = filling.costs();
    return List.of(
        table.build(),
        new Prose(
            "Nodes are taken from the top down as long as they fit. %s A head writes %s, an MLP %s; the input %s. Together that is %s of %s."
                .formatted(
                    order,
                    count(costs.head(), "dimension"),
                    whole(costs.mlp()),
                    costs.input() == 0 ? "is not counted" : "writes " + whole(costs.input()),
                    whole(filling.used()),
                    whole(filling.budget()))));
  }

  /** Return a comparison with an earlier circuit, as a section. */
  static List<Block> comparison(CircuitComparison found, String file, String rankedAmong) {
    var blocks = new ArrayList<Block>();
    blocks.add(new Section("Compared with an earlier circuit"));
    blocks.add(
        new Prose(
            "The earlier circuit is that of `%s`. %s in both, %d only here, %d only there: %s of the nodes here are there (precision), %s of those there are here (recall), overlap (Jaccard) %s."
                .formatted(
                    file,
                    count(found.matching().size(), "node"),
                    found.onlyHere().size(),
                    found.onlyThere().size(),
                    percent(found.precision()),
                    percent(found.recall()),
                    percent(found.jaccard()))));
    if (!found.onlyHere().isEmpty() || !found.onlyThere().isEmpty()) {
      var table =
          Table.titled(
              "Nodes of one circuit alone",
              Column.label("node"),
              Column.text("only"),
              Column.number("score", 3).explained("what nodes are chosen by here"),
              Column.number("rank", 0).explained("1 is the best"),
              Column.number("of", 0).explained("how many were ranked, " + rankedAmong));
      rows(table, found.onlyHere(), "here");
      rows(table, found.onlyThere(), "there");
      blocks.add(table.build());
      blocks.add(
          new Prose(
              "Scores and ranks are those of this run, "
                  + rankedAmong
                  + "; a node without them is not chosen by score."));
    }
    if (!found.moved().isEmpty()) {
      blocks.add(
          new Prose(
              "The lists have another order: "
                  + found.moved().stream()
                      .map(it ->
                          "%s (%d here, %d there)".formatted(it.node(), it.here(), it.there()))
                      .collect(Collectors.joining(", "))
                  + ", counted among the nodes of both."));
    }
    return blocks;
  }

  /** Say how much of an earlier circuit this is. */
  static String overlap(CircuitComparison found) {
    return "Of the earlier circuit `%d` of %s are in this one too, which has %d more; the overlap (Jaccard) is `%s`."
        .formatted(
            found.matching().size(),
            count(found.matching().size() + found.onlyThere().size(), "node"),
            found.onlyHere().size(),
            percent(found.jaccard()));
  }

  private static void rows(Table.Builder table, List<Mismatch> mismatches, String where) {
    for (var mismatch : mismatches) {
      var rank = mismatch.rank();
      table.row(
          Cell.of(mismatch.node().toString()),
          Cell.of(where),
          Cell.of(rank.map(it -> it.score().mean()).orElse(Double.NaN)),
          Cell.of(rank.map(it -> (double) it.rank()).orElse(Double.NaN)),
          Cell.of(rank.map(it -> (double) it.of()).orElse(Double.NaN)));
    }
  }
}
