package dev.loupe.report.study;

import static dev.loupe.report.study.CircuitBlocks.count;
import static dev.loupe.report.study.CircuitBlocks.plain;
import static dev.loupe.report.study.CircuitBlocks.whole;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.CircuitNode.OfHead;
import dev.loupe.model.Token;
import dev.loupe.report.Axis;
import dev.loupe.report.BarChart;
import dev.loupe.report.Block;
import dev.loupe.report.Cell;
import dev.loupe.report.CircuitGraph;
import dev.loupe.report.Column;
import dev.loupe.report.Heatmap;
import dev.loupe.report.KeyFigures;
import dev.loupe.report.Numbers;
import dev.loupe.report.Prompts;
import dev.loupe.report.Prose;
import dev.loupe.report.Scale;
import dev.loupe.report.Section;
import dev.loupe.report.Table;
import dev.loupe.report.TokenLine;
import dev.loupe.study.PromptRow;
import dev.loupe.study.differential.DifferentialFindings;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Tells what differs between paired texts, and the circuit that was made of it. */
public final class DifferentialPage implements StudyPage {
  private static final int PAIRS_SHOWN = 12;
  private static final int HEADS_SHOWN = 10;
  private static final int NODES_TOLD = 3;

  private final DifferentialFindings findings;

  /** Takes the findings that are told. */
  public DifferentialPage(DifferentialFindings findings) {
    this.findings = findings;
  }

  @Override
  public DifferentialFindings findings() {
    return findings;
  }

  private String first() {
    return findings.study().columns().getFirst();
  }

  private String second() {
    return findings.study().columns().getLast();
  }

  @Override
  public String title() {
    return "What differs between %s and %s texts in %s"
        .formatted(first(), second(), findings.model().model());
  }

  @Override
  public List<String> asked() {
    return List.of(
        "Each pair is a text that is %s and one that is %s. The output of every MLP and the z of every head are averaged over the positions of each text; a component's score is the L2 norm of the difference of the two averages, a mean over %s."
            .formatted(first(), second(), count(findings.prompts().size(), "pair")),
        "The input is always in the circuit and counted. MLPs whose score is above the threshold are taken as long as they fit, and heads, the largest score first, fill what is left of the write budget: `%s`, here %s dimensions of the residual stream."
            .formatted(findings.study().writeBudget(), whole(findings.filling().budget())),
        "Such scores depend on how weights are processed (here: %s) and are largest where activations are: they say that a component differs between the texts, not that it causes anything. An MLP's norm is of d_model numbers and a head's of d_head, so the two are ranked apart. Behind ± stands a standard error over pairs, in the bar chart the 95 %% interval."
            .formatted(findings.model().processing()));
  }

  @Override
  public List<Block> data() {
    var rows = findings.prompts();
    var lines = new ArrayList<TokenLine>();
    for (var row : rows.stream().limit(PAIRS_SHOWN).toList()) {
      lines.add(TokenLine.of(first(), texts(row.clean())));
      lines.add(TokenLine.of(second(), texts(row.corrupted())));
    }
    var title =
        rows.size() <= PAIRS_SHOWN
            ? "All " + count(rows.size(), "pair")
            : "The first " + PAIRS_SHOWN + " of " + rows.size() + " pairs";
    return List.of(new Prompts(title, lines));
  }

  private static List<String> texts(List<Token> tokens) {
    return tokens.stream()
        .map(token -> token.text().isEmpty() ? Long.toString(token.id()) : token.text())
        .toList();
  }

  @Override
  public List<KeyFigures.Figure> baselines() {
    return List.of(
        new KeyFigures.Figure("pairs", Integer.toString(findings.prompts().size()), ""),
        new KeyFigures.Figure(
            "tokens",
            length(PromptRow::clean) + " / " + length(PromptRow::corrupted),
            "mean length, " + first() + " / " + second()),
        new KeyFigures.Figure(
            "MLP threshold", plain(findings.threshold().norm()), findings.threshold().how()),
        new KeyFigures.Figure(
            "write budget",
            whole(findings.filling().budget()),
            "dimensions of the residual stream"));
  }

  private String length(Function<PromptRow, List<Token>> text) {
    double mean =
        findings.prompts().stream()
            .collect(Collectors.averagingDouble(row -> text.apply(row).size()));
    return Numbers.fixed(mean, 1, false);
  }

  @Override
  public List<Block> results() {
    var blocks = new ArrayList<Block>();
    blocks.add(new Section("MLPs"));
    blocks.add(mlps());
    blocks.add(
        new Prose(
            "MLPs from the largest difference down. Those above %s (%s) are taken: %s."
                .formatted(
                    plain(findings.threshold().norm()),
                    findings.threshold().how(),
                    CircuitBlocks.names(
                        findings.rankedMlps().stream().filter(findings.found()::has).toList()))));
    blocks.add(new Section("Heads"));
    blocks.add(heatmap());
    blocks.add(
        new Prose(
            "Each cell is a head: the dark ones differ most between the texts and fill what the"
                + " input and the MLPs leave of the budget."));
    blocks.add(heads(HEADS_SHOWN));
    if (findings.afterBos().isPresent()) {
      blocks.add(new Section("How much of it is BOS?"));
      blocks.addAll(withoutBos());
    }
    blocks.add(new Section("The budget"));
    blocks.addAll(
        CircuitBlocks.budget(
            findings.filling(),
            "L2 norm of the difference",
            "pairs",
            "First come the input and the MLPs above the threshold, then heads, the largest"
                + " difference first."));
    findings
        .comparison()
        .ifPresent(found ->
            blocks.addAll(
                CircuitBlocks.comparison(
                    found,
                    findings.study().compareWith(),
                    "MLPs among MLPs and heads among heads")));
    return blocks;
  }

  private BarChart mlps() {
    return new BarChart(
        "Difference of each MLP's output",
        "L2 norm; ± 95 % over pairs",
        findings.rankedMlps().stream()
            .map(node -> CircuitBlocks.bar(node.toString(), findings.norm(node)))
            .toList());
  }

  private Heatmap heatmap() {
    var heads = findings.rankedHeads();
    int layers = 1 + heads.stream().mapToInt(CircuitNode::layer).max().orElseThrow();
    var values = new double[layers][heads.size() / layers];
    for (var node : heads) {
      if (node instanceof OfHead(var head)) {
        values[head.layer()][head.index()] = findings.norm(node).mean();
      }
    }
    return Heatmap.of(
        "Difference of each head's z",
        Axis.numbered("layer", "L", layers),
        Axis.numbered("head", "H", values[0].length),
        values,
        "L2 norm, a mean over pairs",
        Scale.SEQUENTIAL);
  }

  private Table heads(int most) {
    var ranked = findings.rankedHeads().stream().limit(most).toList();
    var table =
        Table.titled(
            "The %s that differ most".formatted(count(ranked.size(), "head")),
            Column.number("rank", 0),
            Column.label("head"),
            Column.number("norm", 3).explained("L2 norm of the difference of mean z"),
            Column.error(3, "pairs"),
            Column.text("in the circuit"));
    for (int i = 0; i < ranked.size(); i++) {
      var node = ranked.get(i);
      table.row(
          Cell.of(i + 1),
          Cell.of(node.toString()),
          Cell.of(findings.norm(node).mean()),
          Cell.of(findings.norm(node).standardError()),
          Cell.of(findings.found().has(node) ? "yes" : "no"));
    }
    return table.build();
  }

  private List<Block> withoutBos() {
    var table =
        Table.titled(
            "MLPs with and without the position of BOS",
            Column.label("MLP"),
            Column.number("norm", 2).explained("all positions, as the circuit is chosen"),
            Column.error(2, "pairs"),
            Column.number("without BOS", 2).explained("means over the positions after BOS"),
            Column.error(2, "pairs"));
    for (var node : findings.rankedMlps()) {
      var after = findings.normAfterBos(node);
      table.row(
          Cell.of(node.toString()),
          Cell.of(findings.norm(node).mean()),
          Cell.of(findings.norm(node).standardError()),
          Cell.of(after.mean()),
          Cell.of(after.standardError()));
    }
    return List.of(
        table.build(),
        new Prose(
            "BOS is the same in both texts, but weighs more in the average of the shorter one. Where"
                + " a component writes much there, its difference may be one of length: its norm"
                + " without BOS is then much smaller. "
                + survivors().replace("`", "")));
  }

  private String survivors() {
    int chosen = findings.found().nodes().size() - 1;
    return findings
        .chosenAfterBos()
        .map(same ->
            "Without the position of BOS `%d` of the same %s besides the input would be chosen, with as many MLPs and heads."
                .formatted(same.size(), count(chosen, "node")))
        .orElse("");
  }

  @Override
  public List<Block> circuit() {
    var nodes = new ArrayList<CircuitGraph.Node>();
    for (var node : findings.found().nodes()) {
      boolean input = node instanceof CircuitNode.Input;
      nodes.add(
          CircuitGraph.Node.of(
              node, "", input ? "always in" : "norm " + plain(findings.norm(node))));
    }
    int layers =
        1 + findings.norms().keySet().stream().mapToInt(CircuitNode::layer).max().orElseThrow();
    return List.of(
        new CircuitGraph("The circuit within the write budget", layers, nodes, List.of()),
        new Prose(
            "The method chooses components and measures nothing between them, so no lines are"
                + " drawn."));
  }

  @Override
  public List<String> conclusions() {
    var sentences = new ArrayList<String>();
    sentences.add(
        "The largest differences of MLPs are those of %s; of heads, those of %s."
            .formatted(largest(findings.rankedMlps()), largest(findings.rankedHeads())));
    sentences.add(CircuitBlocks.size(findings.filling()));
    findings.comparison().map(CircuitBlocks::overlap).ifPresent(sentences::add);
    var survivors = survivors();
    if (!survivors.isEmpty()) {
      sentences.add(survivors);
    }
    return sentences;
  }

  private String largest(List<CircuitNode> ranked) {
    return ranked.stream().limit(NODES_TOLD).map(this::told).collect(Collectors.joining(", "));
  }

  private String told(CircuitNode node) {
    var norm = findings.norm(node);
    var error = norm.n() > 1 ? " ± " + plain(norm.standardError()) : "";
    return "%s (`%s`%s)".formatted(node, plain(norm.mean()), error);
  }

  @Override
  public List<Block> highlights() {
    return List.of(mlps(), heads(HEADS_SHOWN));
  }
}
