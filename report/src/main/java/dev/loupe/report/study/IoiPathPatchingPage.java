package dev.loupe.report.study;

import static dev.loupe.report.study.Told.figure;
import static dev.loupe.report.study.Told.percent;
import static dev.loupe.report.study.Told.signed;

import dev.loupe.lens.Estimate;
import dev.loupe.report.Block;
import dev.loupe.report.Cell;
import dev.loupe.report.Column;
import dev.loupe.report.Heatmap;
import dev.loupe.report.KeyFigures;
import dev.loupe.report.Numbers;
import dev.loupe.report.Prose;
import dev.loupe.report.Scale;
import dev.loupe.report.ScatterChart;
import dev.loupe.report.Section;
import dev.loupe.report.Table;
import dev.loupe.study.ioi.IoiPathPatchingFindings;
import dev.loupe.study.ioi.IoiPathPatchingFindings.Ranked;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/** Tells which heads raise and lower the indirect object, through all paths and the direct one. */
public final class IoiPathPatchingPage implements StudyPage {
  private static final int NAMED = 3;
  private static final int DRAWN = 6;

  private final IoiPathPatchingFindings findings;

  /** Takes the findings that are told. */
  public IoiPathPatchingPage(IoiPathPatchingFindings findings) {
    this.findings = findings;
  }

  @Override
  public IoiPathPatchingFindings findings() {
    return findings;
  }

  @Override
  public String title() {
    return "Which heads raise and lower the indirect object in " + findings.model().model() + "?";
  }

  @Override
  public List<String> asked() {
    return List.of(
        "Two questions that are easily taken for one. Through all paths: every head's output at all"
            + " positions is taken from the clean run into the corrupted one (denoising), and all"
            + " that comes later reacts. Through the direct path (Wang et al. 2022, Figure 3b): a"
            + " head's corrupted output is put into the clean run (noising), all other heads are"
            + " held as they were, and only MLPs and norms on the way to the last residual stream"
            + " react.",
        "The corruption is `"
            + findings.corruption()
            + "`; effects are differences in the logit of IO minus that of S, means over "
            + findings.prompts().size()
            + " prompts, and behind ± stands their standard error. "
            + marks());
  }

  private String marks() {
    return findings.paper().isEmpty()
        ? "The heads of this model have no marks: the classes of Wang et al. are of heads of GPT-2"
            + " small, and this model has another shape."
        : "Marked are the "
            + findings.paper().size()
            + " heads of the circuit of Wang et al. They are heads of GPT-2 small's own weights: in"
            + " another model of the same shape the marks say nothing.";
  }

  @Override
  public List<KeyFigures.Figure> baselines() {
    return List.of(
        new KeyFigures.Figure(
            "accuracy", percent(findings.accuracy()), "prompts where IO is likelier than S"),
        figure("clean", findings.clean(), "logit of IO minus logit of S"),
        figure("corrupted", findings.corrupted(), "the same on corrupted prompts"),
        new KeyFigures.Figure("drop", signed(findings.drop()), "clean minus corrupted, in logits"));
  }

  @Override
  public List<Block> results() {
    var blocks = new ArrayList<Block>();
    blocks.add(new Section("Through all paths"));
    blocks.add(effects());
    blocks.add(
        new Prose(
            "Blue heads bring the answer back when they get their clean output, red heads push it"
                + " away. A head may do so by what it tells later heads, so that early heads show"
                + " here too."));
    table("The heads that help most", findings.helping(), blocks);
    table("The heads that harm most", findings.harming(), blocks);
    blocks.add(
        new Prose(
            "The effect is how far the corrupted logit difference rises with a head's clean output,"
                + " in logits and in % of the drop from clean to corrupted. The columns from"
                + " \"direct\" on have the same head's direct path: how far the clean logit"
                + " difference changes when it is corrupted, which is negative for a head that helps."
                + " What is within two standard errors of 0 may be chance."));
    blocks.add(new Section("Through the direct path"));
    blocks.add(paths());
    blocks.add(
        new Prose(
            "As in Figure 3b of the paper: the logit difference falls (red) where a head that"
                + " supports the answer is corrupted, and rises (blue) where one that works against"
                + " it is. Heads that act through other heads alone show nothing here."));
    blocks.add(new Section("One against the other"));
    blocks.add(scatter());
    blocks.add(
        new Prose(
            "A point is a head. Heads at the lower right help by both measures and write their help"
                + " into the logits themselves; those at the right but near the middle line help"
                + " through later heads. Over all heads, the effect through all paths and the loss"
                + " along the direct one have a rank correlation of "
                + correlation(findings.agreement().spearman())
                + "."));
    table(
        "The heads that help most along the direct path",
        firstOf(byPath().filter(head -> head.path().mean() < 0)),
        blocks);
    table(
        "The heads that harm most along the direct path",
        firstOf(byPath().toList().reversed().stream().filter(head -> head.path().mean() > 0)),
        blocks);
    blocks.add(
        new Prose(
            "Those whose corruption lowers the logit difference most, and those whose corruption"
                + " raises it most. A head far down in one rank and far up in the other acts through"
                + " other heads, or is answered by them."));
    if (!findings.paper().isEmpty()) {
      blocks.add(new Section("The heads of the paper"));
      table("All heads of the circuit of Wang et al.", marked(), blocks);
    }
    return blocks;
  }

  private static String correlation(double value) {
    return Double.isFinite(value)
        ? Numbers.fixed(value, 2, true)
        : "none (one side is the same everywhere)";
  }

  private Heatmap effects() {
    return HeadMaps.of(
        "Clean z at all positions into the corrupted run",
        findings.effects(),
        "patched minus corrupted logit difference, in logits",
        Scale.DIVERGING);
  }

  private Heatmap paths() {
    return HeadMaps.of(
        "Corrupted z along the direct path into the clean run",
        findings.paths(),
        "patched minus clean logit difference, in logits",
        Scale.DIVERGING);
  }

  private static void table(String title, List<Ranked> heads, List<Block> to) {
    if (!heads.isEmpty()) {
      to.add(table(title, heads));
    }
  }

  private static Table table(String title, List<Ranked> heads) {
    boolean marked = heads.stream().anyMatch(head -> !head.paper().isEmpty());
    var columns = new ArrayList<Column>();
    columns.add(Column.number("rank", 0).explained("through all paths, 1 helps most"));
    columns.add(Column.label("head"));
    columns.add(
        Column.signed("effect", 3)
            .explained("patched minus corrupted logit difference, in logits"));
    columns.add(Column.error(3, "prompts"));
    columns.add(Column.signed("% of drop", 1).explained("effect over clean minus corrupted"));
    columns.add(
        Column.signed("direct", 3)
            .explained("along the direct path: patched minus clean logit difference, in logits"));
    columns.add(Column.error(3, "prompts"));
    columns.add(Column.signed("% of clean", 1).explained("the same over the clean difference"));
    columns.add(Column.number("direct rank", 0).explained("along the direct path, 1 helps most"));
    if (marked) {
      columns.add(Column.text("in the paper"));
    }
    var table = Table.titled(title, columns.toArray(Column[]::new));
    for (var head : heads) {
      var cells = new ArrayList<Cell>();
      cells.add(Cell.of(head.rank()));
      cells.add(Cell.of(head.head().toString()));
      cells.add(Cell.of(head.effect().mean()));
      cells.add(Cell.of(head.effect().standardError()));
      cells.add(Cell.of(100 * head.ofDrop()));
      cells.add(Cell.of(head.path().mean()));
      cells.add(Cell.of(head.path().standardError()));
      cells.add(Cell.of(Numbers.finite(100 * head.ofClean())));
      cells.add(Cell.of(head.pathRank()));
      if (marked) {
        cells.add(Cell.of(head.paper()));
      }
      table.row(cells.toArray(Cell[]::new));
    }
    return table.build();
  }

  private ScatterChart scatter() {
    return new ScatterChart(
        "Every head by both effects",
        "effect through all paths, in logits",
        "change along the direct path, in logits",
        findings.ranked().stream()
            .map(head ->
                new ScatterChart.Point(
                    head.head().toString(), group(head), head.effect().mean(), head.path().mean()))
            .toList(),
        ScatterChart.Guide.NONE);
  }

  private String group(Ranked head) {
    return findings.paper().isEmpty()
        ? ""
        : head.paper().isEmpty() ? "not in the paper" : head.paper();
  }

  private Stream<Ranked> byPath() {
    return findings.ranked().stream().sorted(Comparator.comparingInt(Ranked::pathRank));
  }

  private List<Ranked> firstOf(Stream<Ranked> heads) {
    return heads.limit(findings.study().top()).toList();
  }

  private List<Ranked> marked() {
    return findings.ranked().stream().filter(head -> !head.paper().isEmpty()).toList();
  }

  @Override
  public List<Block> circuit() {
    var drawn =
        findings.ranked().stream()
            .sorted(Comparator.comparingDouble(head -> -Math.abs(head.path().mean())))
            .limit(DRAWN)
            .toList();
    var graph = new HeadsToLogits(findings.effects().values().size());
    for (var head : drawn) {
      double help = -head.path().mean();
      var group = head.paper().isEmpty() ? help < 0 ? "lowers IO" : "raises IO" : head.paper();
      var effect = signed(head.effect().mean()) + " logits through all paths";
      graph.add(
          head.head(),
          group,
          head.head() + ": " + effect,
          help,
          signed(help) + " logits along the direct path");
    }
    return List.of(
        graph.graph("The heads of the strongest direct paths"),
        new Prose(
            "Each line is what the logit difference loses when the head is corrupted along the"
                + " direct path alone; dashed where it gains."));
  }

  @Override
  public List<String> conclusions() {
    var sentences = new ArrayList<String>();
    if (findings.drop() < 0) {
      sentences.add(
          "This model does the opposite: its logit difference is lower on clean prompts than on"
              + " corrupted ones, so that a share of the drop is one of the way to that opposite.");
    }
    var ranked = findings.ranked();
    sentences.add(
        told(
            "These heads help most through all paths: %s.",
            "No head helps through all paths by more than two standard errors.",
            ranked.stream().filter(h -> isAbove(h.effect())),
            IoiPathPatchingPage::effect));
    sentences.add(
        told(
            "These harm most through all paths: %s.",
            "No head harms through all paths by more than two standard errors.",
            ranked.reversed().stream().filter(h -> isBelow(h.effect())),
            IoiPathPatchingPage::effect));
    var byPath = byPath().toList();
    sentences.add(
        told(
            "Corrupting these along the direct path lowers the logit difference most: %s.",
            "Corrupted along the direct path, no head lowers the logit difference by more than two"
                + " standard errors.",
            byPath.stream().filter(h -> isBelow(h.path())),
            IoiPathPatchingPage::path));
    sentences.add(
        told(
            "Corrupting these along the direct path raises it most: %s.",
            "Corrupted along the direct path, no head raises it by more than two standard errors.",
            byPath.reversed().stream().filter(h -> isAbove(h.path())),
            IoiPathPatchingPage::path));
    if (!findings.paper().isEmpty()) {
      long among = findings.helping().stream().filter(h -> !h.paper().isEmpty()).count();
      sentences.add(
          among
              + " of the "
              + findings.helping().size()
              + " heads that help most through all paths are in the circuit of Wang et al.");
    }
    return sentences;
  }

  // A single prompt has no standard error; then every sign counts.
  private static boolean isAbove(Estimate value) {
    return value.mean() > 0 && !(value.mean() < 2 * value.standardError());
  }

  private static boolean isBelow(Estimate value) {
    return isAbove(value.scaled(-1));
  }

  private static String told(
      String some, String none, Stream<Ranked> heads, Function<Ranked, String> each) {
    var named = heads.limit(NAMED).map(each).toList();
    return named.isEmpty() ? none : some.replace("%s", String.join(", ", named));
  }

  private static String effect(Ranked head) {
    return "%s (`%s`%s logits, %s %% of the drop)"
        .formatted(
            head.head(),
            signed(head.effect().mean()),
            error(head.effect()),
            Numbers.fixed(100 * head.ofDrop(), 1, true));
  }

  private static String path(Ranked head) {
    return "%s (`%s`%s logits)"
        .formatted(head.head(), signed(head.path().mean()), error(head.path()));
  }

  private static String error(Estimate value) {
    return Double.isFinite(value.standardError())
        ? " ± " + Numbers.fixed(value.standardError(), 2, false)
        : "";
  }

  @Override
  public List<Block> highlights() {
    var blocks = new ArrayList<Block>();
    blocks.add(effects());
    table("The heads that help most", findings.helping(), blocks);
    table("The heads that harm most", findings.harming(), blocks);
    return blocks;
  }
}
