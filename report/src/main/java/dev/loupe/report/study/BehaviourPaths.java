package dev.loupe.report.study;

import dev.loupe.report.Block;
import dev.loupe.report.Cell;
import dev.loupe.report.Column;
import dev.loupe.report.Heatmap;
import dev.loupe.report.Numbers;
import dev.loupe.report.Prose;
import dev.loupe.report.Section;
import dev.loupe.report.Table;
import dev.loupe.study.SweepFindings.Kind;
import dev.loupe.study.behaviour.BehaviourFindings;
import dev.loupe.study.behaviour.PathLevel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Tell along which paths the heads that write the answer are fed, level by level. */
final class BehaviourPaths {
  private static final int ROWS = 16;
  private static final int NAMED = 3;

  private final BehaviourFindings found;
  private final BehaviourSweeps sweeps;

  BehaviourPaths(BehaviourFindings found, BehaviourSweeps sweeps) {
    this.found = found;
    this.sweeps = sweeps;
  }

  List<Block> all() {
    if (found.paths().isEmpty()) {
      return List.of();
    }
    var blocks = new ArrayList<Block>();
    blocks.add(new Section("Along which paths"));
    blocks.add(
        new Prose(
            "Path patching, noising: a sender's corrupted output reaches only the named inputs of the"
                + " receivers, through no other head; what is shown is the share of the gap that is"
                + " lost. Blue senders feed the receivers with the answer. A sender in the layer of a"
                + " receiver or above has no path to it, and 0. Where receivers were not named, those"
                + " of a level are the strongest senders of the one before, and those of level 1 the"
                + " heads that write most."));
    for (var level : found.paths()) {
      var charts = new ArrayList<Heatmap>();
      for (var input : level.inputs()) {
        charts.add(sweeps.chart(Kind.PATH_PATCHING, title(level, input), input.senders()));
      }
      var alike = BehaviourSweeps.alike(charts);
      for (int i = 0; i < alike.size(); i++) {
        blocks.add(alike.get(i));
        blocks.add(new Prose(strongest(level.inputs().get(i))));
      }
      edges(level)
          .ifPresent(table -> {
            blocks.add(table);
            blocks.add(
                new Prose(
                    "One sender, one receiver: which of the receivers a sender feeds, and through"
                        + " which input. The circuit has those paths that carry at least "
                        + Told.percent(found.least())
                        + " of the gap, either way."));
          });
    }
    return blocks;
  }

  private String strongest(PathLevel.ToInput input) {
    var counting =
        input.ranked().stream()
            .filter(sender -> Math.abs(sender.loss().mean()) >= found.least())
            .toList();
    if (counting.isEmpty()) {
      return "No sender's loss here is as much as " + Told.percent(found.least()) + " of the gap.";
    }
    return "The largest losses: "
        + String.join(
            ", ",
            counting.stream()
                .limit(NAMED)
                .map(sender ->
                    sender.head() + " " + Told.percent(sender.loss().mean()) + " of the gap")
                .toList())
        + "; "
        + counting.size()
        + (counting.size() == 1 ? " sender counts " : " senders count ")
        + Told.percent(found.least())
        + " or more, either way.";
  }

  private static String title(PathLevel level, PathLevel.ToInput input) {
    var what =
        switch (input.role()) {
          case QUERY -> "queries";
          case KEY -> "keys";
          case VALUE -> "values";
        };
    return String.format(
        Locale.ROOT,
        "Level %d, into the %s of %s",
        level.number(),
        what,
        Told.names(level.heads()));
  }

  private static Optional<Table> edges(PathLevel level) {
    var edges =
        level
            .edges()
            .sorted(Comparator.comparingDouble(edge -> -Math.abs(edge.loss().mean())))
            .limit(ROWS)
            .toList();
    if (edges.isEmpty()) {
      return Optional.empty();
    }
    var table =
        Table.titled(
            "Level " + level.number() + ", the strongest senders to each receiver by itself",
            Column.label("from"),
            Column.label("to"),
            Column.signed("loss", 3).explained("share of the gap that is lost on this path"),
            Column.error(3, "prompts"));
    for (var edge : edges) {
      table.row(
          Cell.of(edge.sender().toString()),
          Cell.of(edge.receiver().toString()),
          Cell.of(edge.loss().mean()),
          Cell.of(Numbers.finite(edge.loss().standardError())));
    }
    return Optional.of(table.build());
  }
}
