package dev.loupe.report.study;

import static dev.loupe.report.study.Told.figure;
import static dev.loupe.report.study.Told.names;
import static dev.loupe.report.study.Told.percent;
import static dev.loupe.report.study.Told.signed;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.heads.HeadEvidence;
import dev.loupe.report.AttentionView;
import dev.loupe.report.Axis;
import dev.loupe.report.BarChart;
import dev.loupe.report.Block;
import dev.loupe.report.Cell;
import dev.loupe.report.Column;
import dev.loupe.report.Heatmap;
import dev.loupe.report.KeyFigures;
import dev.loupe.report.Numbers;
import dev.loupe.report.PromptLines;
import dev.loupe.report.Prose;
import dev.loupe.report.Scale;
import dev.loupe.report.Section;
import dev.loupe.report.Table;
import dev.loupe.study.ioi.HeadRole;
import dev.loupe.study.ioi.IoiPatchingFindings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Tells the findings of the indirect-object study: as charts of a terminal, and as a page. */
public final class IoiPatchingPage implements StudyPage {
  private final IoiPatchingFindings findings;

  /** Takes the findings that are told. */
  public IoiPatchingPage(IoiPatchingFindings findings) {
    this.findings = findings;
  }

  @Override
  public IoiPatchingFindings findings() {
    return findings;
  }

  @Override
  public String title() {
    return "Who carries the indirect object in " + findings.model().model() + "?";
  }

  @Override
  public List<String> asked() {
    return List.of(
        "After \"When Mary and John went to the store, John gave a drink to\" a model that says"
            + " \"Mary\" (IO) and not \"John\" (S) has found the name that was not repeated. Each"
            + " attention head's output at the last token is taken from the clean run into the"
            + " corrupted one (denoising); the heads that bring the answer back are then asked what"
            + " they read and what they write, and what is left without them.",
        "The corruption is `"
            + findings.corruption()
            + "`. Means are over "
            + findings.prompts().size()
            + " prompts; behind ± stands their standard error, in the bar chart of logit"
            + " differences the 95 % interval.");
  }

  @Override
  public List<Block> highlights() {
    return List.of(recovery(), heads());
  }

  /** Return the recovery of every head, layers down, heads across. */
  public Heatmap recovery() {
    double[][] values = findings.effects().matrix();
    return Heatmap.of(
        "Recovery of the logit difference, z at END patched from clean into corrupted",
        Axis.numbered("layer", "L", values.length),
        Axis.numbered("head", "H", values[0].length),
        values,
        "recovery: 0 changes nothing, 1 brings all of it back",
        Scale.DIVERGING);
  }

  /** Return the heads that carry most with the evidence for what they do. */
  public Table heads() {
    var table =
        Table.titled(
            "The heads of the largest recovery",
            Column.label("head"),
            Column.signed("recovery", 3)
                .explained("share of the clean-corrupted logit difference that its z brings back"),
            Column.error(3, "prompts"),
            Column.number("→ IO", 2).explained("attention from END to IO, a mean over prompts"),
            Column.number("→ S1", 2).explained("attention from END to S1"),
            Column.number("→ S2", 2).explained("attention from END to S2"),
            Column.label("name").explained("the name it looks at most"),
            Column.signed("OV", 2)
                .explained(
                    "logits that its OV circuit adds to the name it reads, at full attention, above"
                        + " the mean of all names"),
            Column.signed("direct", 3)
                .explained("share of the difference that it writes into the logits itself"),
            Column.text("what it does"));
    for (var head : findings.heads()) {
      table.row(
          Cell.of(head.head().toString()),
          Cell.of(head.recovery().mean()),
          Cell.of(head.recovery().standardError()),
          Cell.of(head.attentionTo("IO")),
          Cell.of(head.attentionTo("S1")),
          Cell.of(head.attentionTo("S2")),
          Cell.of(HeadRole.mostRead(head)),
          Cell.of(head.ovEffectAt(HeadRole.mostRead(head))),
          Cell.of(head.direct()),
          Cell.of(HeadRole.of(head).toString()));
    }
    return table.build();
  }

  /** Return one sentence for each role that was found, the strongest head first. */
  @Override
  public List<String> conclusions() {
    var byRole =
        findings.heads().stream()
            .collect(Collectors.groupingBy(HeadRole::of, LinkedHashMap::new, Collectors.toList()));
    byRole.remove(HeadRole.NONE);
    var sentences = new ArrayList<String>();
    if (findings.effects().isReversed()) {
      sentences.add(
          "This model does the opposite: its logit difference is lower on clean prompts than on"
              + " corrupted ones. A recovery is a share of the way down, not towards the answer.");
    }
    byRole.forEach((role, heads) -> sentences.add(sentence(role, heads)));
    if (!hasMovers()) {
      sentences.add(
          "None of the %d heads of the largest recovery is a name mover, which would read IO and raise it."
              .formatted(findings.heads().size()));
    }
    if (!findings.knockedOut().isEmpty()) {
      sentences.add(
          "Without "
              + names(findings.knockedOut())
              + " (z at END set to its mean) the clean logit difference goes from "
              + withError(findings.effects().clean(), 2)
              + " to "
              + withError(findings.afterKnockOut(), 2)
              + ".");
    }
    return sentences;
  }

  private static String sentence(HeadRole role, List<HeadEvidence> heads) {
    boolean many = heads.size() > 1;
    // Each by itself: single heads need not add up.
    var recoveries =
        heads.stream().map(h -> withError(h.recovery(), 3)).collect(Collectors.joining(", "));
    return "%s: %s %s (%s %s)."
        .formatted(
            capitalised(many ? role.many() : role.toString()),
            names(heads.stream().map(HeadEvidence::head).toList()),
            many ? role.meaningOfMany() : role.meaning(),
            many ? "recoveries" : "recovery",
            recoveries);
  }

  private static String withError(Estimate value, int decimals) {
    return Numbers.fixed(value.mean(), decimals, true)
        + (Double.isFinite(value.standardError())
            ? " ± " + Numbers.fixed(value.standardError(), decimals, false)
            : "");
  }

  private static String capitalised(String text) {
    return Character.toUpperCase(text.charAt(0)) + text.substring(1);
  }

  @Override
  public List<Block> results() {
    var blocks = new ArrayList<Block>();
    blocks.add(new Section("Which heads bring the answer back"));
    blocks.add(recovery());
    blocks.add(
        new Prose(
            "Blue heads carry the answer: with their clean output the corrupted run moves towards"
                + " the clean one. Red heads work against it. Single heads need not add up to 1, as"
                + " later heads react to earlier ones."));
    blocks.add(new Section("What each of them does"));
    blocks.add(heads());
    blocks.add(new Prose(roleRules()));
    blocks.add(new Section("Where they look"));
    blocks.addAll(looks());
    blocks.add(
        new Prose(
            "Each bar is the share of its attention that "
                + (hasMovers() ? "a name mover" : "a head of the table above")
                + " gives to one token when the model is about to answer; the bars of a chart add"
                + " up to 1. A head that moves the answer looks at IO; one that keeps S away looks"
                + " at S."));
    blocks.add(attention());
    blocks.add(
        new Prose(
            "Each picture is a head on the first prompt, each row of it a token that looks at itself"
                + " and at those before it; choose a head to see it large."));
    if (!findings.knockedOut().isEmpty()) {
      blocks.add(new Section("Without them"));
      blocks.addAll(without());
    }
    return blocks;
  }

  private List<Block> without() {
    int out = findings.knockedOut().size();
    return List.of(
        new BarChart(
            "Logit difference without the heads that carry the answer",
            "logit difference; ± 95 %",
            List.of(
                bar("clean", findings.effects().clean()),
                bar(out == 1 ? "without it" : "without them", findings.afterKnockOut()),
                bar("corrupted", findings.effects().corrupted()))),
        new Prose(
            "Knocked out together are "
                + names(findings.knockedOut())
                + ", the heads above that have a role and a positive recovery: z at END is its mean"
                + " over the clean prompts. The nearer the logit difference comes to 0, the less the"
                + " rest of the model can tell IO from S without "
                + (out == 1 ? "it." : "them.")));
  }

  private static BarChart.Bar bar(String label, Estimate value) {
    return new BarChart.Bar(label, value.mean(), Told.error(value));
  }

  private boolean hasMovers() {
    return findings.heads().stream().anyMatch(h -> HeadRole.of(h) == HeadRole.NAME_MOVER);
  }

  private List<BarChart> looks() {
    return findings.endAttention().stream()
        .map(of -> {
          var labels = PromptLines.labels(findings.prompts().get(of.prompt()));
          return new BarChart(
              "Where " + of.head() + " looks from the last token of prompt " + (of.prompt() + 1),
              "attention",
              IntStream.range(0, labels.size())
                  .mapToObj(at -> BarChart.Bar.of(labels.get(at), of.weights().get(at)))
                  .toList());
        })
        .toList();
  }

  @Override
  public List<Block> circuit() {
    var carriers =
        findings.heads().stream()
            .filter(head -> findings.knockedOut().contains(head.head()))
            .toList();
    if (carriers.isEmpty()) {
      return List.of();
    }
    var graph = new HeadsToLogits(findings.effects().recoveries().size());
    for (var head : carriers) {
      var role = HeadRole.of(head);
      graph.add(
          head.head(),
          role.toString(),
          head.head() + ": recovery " + signed(head.recovery().mean()) + ", " + role.meaning(),
          head.direct(),
          "writes " + signed(head.direct()) + " of the difference into the logits itself");
    }
    return List.of(
        graph.graph("The heads that bring the answer back at the last token"),
        new Prose(
            "Lines to the logits are what a head writes into them itself, as a share of the"
                + " difference between clean and corrupted; dashed ones work against the answer."
                + " What a head does through later layers has no line here."));
  }

  @Override
  public List<KeyFigures.Figure> baselines() {
    var effects = findings.effects();
    return List.of(
        new KeyFigures.Figure(
            "accuracy", percent(effects.accuracy()), "prompts where IO is likelier than S"),
        new KeyFigures.Figure(
            "top-1", percent(effects.topAccuracy()), "prompts where IO is the likeliest token"),
        figure("clean", effects.clean(), "logit of IO minus logit of S"),
        figure("corrupted", effects.corrupted(), "the same on corrupted prompts"));
  }

  private static String roleRules() {
    String effect = Numbers.fixed(HeadRole.LEAST_EFFECT, 2, false);
    return "The last column follows from those before it. A head is `%s` where its recovery is below %s in magnitude or within two standard errors of 0, and `%s` where IO, S1 and S2 together get less than %s of its attention. The rest read IO if they look at it more than at S1 and S2 together, else S. One that writes less than %s %% of its recovery into the logits itself is an `%s` or `%s`. For the others OV decides: above +%s logits a head is a `%s` (IO) or `%s` (S), below -%s a `%s` or `%s`, between the two `%s`."
        .formatted(
            HeadRole.NONE,
            Numbers.fixed(HeadRole.LEAST_RECOVERY, 2, false),
            HeadRole.OTHER,
            Numbers.fixed(HeadRole.LEAST_ATTENTION, 2, false),
            Numbers.fixed(100 * HeadRole.LEAST_DIRECT, 0, false),
            HeadRole.INDIRECT_IO_READER,
            HeadRole.INDIRECT_S_READER,
            effect,
            HeadRole.NAME_MOVER,
            HeadRole.SUBJECT_COPIER,
            effect,
            HeadRole.NEGATIVE_NAME_MOVER,
            HeadRole.SUBJECT_SUPPRESSOR,
            HeadRole.UNCLEAR);
  }

  private AttentionView attention() {
    var heads = new ArrayList<AttentionView.HeadPattern>();
    findings
        .patterns()
        .forEach(
            (head, pattern) -> heads.add(AttentionView.HeadPattern.of(head.toString(), pattern)));
    return new AttentionView(
        "Attention of the heads above on the first prompt",
        PromptLines.clean("clean", findings.prompts().getFirst()),
        heads);
  }
}
