package dev.loupe.report.study;

import static dev.loupe.report.study.CircuitBlocks.plain;
import static dev.loupe.report.study.CircuitBlocks.signed;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.report.Block;
import dev.loupe.report.Cell;
import dev.loupe.report.CircuitGraph;
import dev.loupe.report.Column;
import dev.loupe.report.Numbers;
import dev.loupe.report.Prose;
import dev.loupe.report.Table;
import dev.loupe.study.ioi.ClassFlow;
import dev.loupe.study.ioi.ClassPath;
import dev.loupe.study.ioi.ClassPaths;
import dev.loupe.study.ioi.HeadClass;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Tells what the classes of heads tell each other and the logits.
 *
 * @param paths what was measured
 * @param clean the logit difference that losses are shares of
 */
record ClassPathBlocks(ClassPaths paths, Estimate clean) {
  static final String LOGITS = "logits";

  private static final String LOSS =
      "fall of the clean logit difference when the paths carry corrupted values";

  List<Block> blocks() {
    var blocks = new ArrayList<Block>();
    blocks.add(flows());
    blocks.add(
        new Prose(
            "If the classes work as in the paper, duplicate-token heads tell S-inhibition heads"
                + " (their values at S2), S-inhibition heads tell name movers (their queries at"
                + " END), and name movers write into the logits. That is measured here, and beside"
                + " it what the other two classes write into the logits themselves. The loss is how"
                + " far the logit difference falls when the senders' outputs along these paths"
                + " alone are those of the corrupted prompts, other heads frozen, MLPs and norms"
                + " recomputed: positive where the paths work for the answer. A dash says that"
                + " there is no path, as no sender comes before a receiver."));
    if (!paths.paths().isEmpty()) {
      blocks.add(byHead());
      blocks.add(
          new Prose(
              "Each row is one sender and one receiver, the largest loss of either sign first. A"
                  + " loss within two of its standard errors is no evidence of a path; single paths"
                  + " need not add up to those of whole classes."));
    }
    return blocks;
  }

  private Table flows() {
    var table =
        Table.titled(
            "What each class tells the next and the logits, all top heads together",
            Column.text("from"),
            Column.text("to"),
            Column.text("input"),
            Column.signed("loss", 3).explained(LOSS),
            Column.error(3, "prompts"),
            Column.signed("% of clean", 1).explained("the loss over the clean logit difference"));
    for (var flow : paths.flows()) {
      table.row(
          Cell.of(flow.from() + " heads"),
          Cell.of(flow.to().map(to -> to + " heads").orElse(LOGITS)),
          Cell.of(flow.input()),
          Cell.of(flow.loss().mean()),
          Cell.of(flow.loss().standardError()),
          Cell.of(Numbers.finite(share(flow.loss().mean()))));
    }
    return table.build();
  }

  /** Return the percentage that a change is of the clean logit difference. */
  private double share(double change) {
    return 100 * change / clean.mean();
  }

  private Table byHead() {
    var table =
        Table.titled(
            "The same from head to head",
            Column.label("from"),
            Column.label("to"),
            Column.text("input"),
            Column.signed("loss", 3).explained(LOSS),
            Column.error(3, "prompts"));
    paths.paths().stream()
        .sorted(Comparator.comparingDouble(path -> -Math.abs(path.loss().mean())))
        .forEach(path ->
            table.row(
                Cell.of(path.from().toString()),
                Cell.of(path.to().map(Head::toString).orElse(LOGITS)),
                Cell.of(path.input()),
                Cell.of(path.loss().mean()),
                Cell.of(path.loss().standardError())));
    return table.build();
  }

  /** Return the paths whose loss is not within two standard errors of nothing. */
  List<CircuitGraph.Edge> edges() {
    return paths.paths().stream()
        .filter(path -> !isWithinError(path.loss()))
        .map(ClassPathBlocks::edge)
        .toList();
  }

  private static CircuitGraph.Edge edge(ClassPath path) {
    return new CircuitGraph.Edge(
        CircuitNode.of(path.from()).toString(),
        path.to().map(to -> CircuitNode.of(to).toString()).orElse(LOGITS),
        path.loss().mean(),
        path.input() + ": loss " + signed(path.loss().mean()) + error(path.loss()));
  }

  /** Say what the lines of the graph are. */
  String readingOfEdges() {
    if (paths.paths().isEmpty()) {
      return "Colours and letters are classes. No paths were measured, so none are drawn.";
    }
    return "Colours and letters are classes. Lines are paths between the top heads of the classes, and from them to the logits: the %d of %d measured whose loss is not within two standard errors of nothing, as wide as the logit difference that is lost when they carry corrupted values, dashed where it is gained. Other nodes may be joined too; that was not measured."
        .formatted(edges().size(), paths.paths().size());
  }

  /** Say what passes where the paper has it pass, and where else something certainly does. */
  List<String> conclusions() {
    return paths.flows().stream()
        .filter(flow -> isClaimed(flow) || isCertain(flow.loss()))
        .map(this::sentence)
        .toList();
  }

  private static boolean isClaimed(ClassFlow flow) {
    return flow.to().isPresent() || flow.from() == HeadClass.NAME_MOVER;
  }

  /** A single prompt has no error, and so no certainty. */
  private static boolean isCertain(Estimate loss) {
    return Math.abs(loss.mean()) > 2 * loss.standardError();
  }

  private static boolean isWithinError(Estimate loss) {
    return Math.abs(loss.mean()) <= 2 * loss.standardError();
  }

  private String sentence(ClassFlow flow) {
    var loss = flow.loss();
    if (loss.n() == 0) {
      return "There is no path from the %s heads to the %s: no sender comes before a receiver."
          .formatted(flow.from(), flow.to().map(to -> to + " heads").orElse(LOGITS));
    }
    var what = flow.to().map(to -> "tell the " + to + " heads").orElse("write into the " + LOGITS);
    return "Corrupting what the %s heads %s (%s) changes the logit difference by `%s`%s, `%s %%` of it: %s."
        .formatted(
            flow.from(),
            what,
            flow.input(),
            signed(-loss.mean()),
            error(loss),
            Numbers.fixed(share(-loss.mean()), 1, true),
            verdict(loss));
  }

  private static String verdict(Estimate loss) {
    if (isWithinError(loss)) {
      return "within two standard errors of nothing";
    }
    return loss.mean() > 0 ? "it works for the answer" : "it works against the answer";
  }

  private static String error(Estimate value) {
    return Double.isFinite(value.standardError()) ? " ± " + plain(value.standardError()) : "";
  }
}
