package dev.loupe.report;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.HeadEvidence;
import dev.loupe.study.HeadRole;
import dev.loupe.study.IndirectObjectFindings;
import dev.loupe.task.TaskExample;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Tells the findings of the indirect-object study: as charts of a terminal, and as a page. */
public final class IndirectObjectPage {
  private static final int PROMPTS_SHOWN = 24;

  private final IndirectObjectFindings findings;

  /** Takes the findings that are told. */
  public IndirectObjectPage(IndirectObjectFindings findings) {
    this.findings = findings;
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
            "Heads that carry the answer",
            Column.label("head"),
            Column.signed("recovery", 3)
                .explained("share of the clean-corrupted logit difference that its z brings back"),
            Column.number("±", 3).explained("standard error over prompts"),
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
  public List<String> conclusions() {
    var byRole =
        findings.heads().stream()
            .collect(Collectors.groupingBy(HeadRole::of, LinkedHashMap::new, Collectors.toList()));
    byRole.remove(HeadRole.NONE);
    var sentences = new ArrayList<String>();
    byRole.forEach((role, heads) -> sentences.add(sentence(role, heads)));
    if (!findings.knockedOut().isEmpty()) {
      sentences.add(
          "Without %s (z at END set to its mean) the clean logit difference falls from %+.2f to"
                  .formatted(names(findings.knockedOut()), findings.effects().clean().mean())
              + " %+.2f.".formatted(findings.afterKnockOut().mean()));
    }
    return sentences;
  }

  private static String sentence(HeadRole role, List<HeadEvidence> heads) {
    double recovery = heads.stream().mapToDouble(h -> h.recovery().mean()).sum();
    return "%s: %s %s (recovery %+.2f)."
        .formatted(
            capitalised(role.toString()) + (heads.size() > 1 ? "s" : ""),
            names(heads.stream().map(HeadEvidence::head).toList()),
            heads.size() > 1 ? role.meaningOfMany() : role.meaning(),
            recovery);
  }

  private static String names(List<Head> heads) {
    return heads.stream().map(Head::toString).collect(Collectors.joining(", "));
  }

  private static String capitalised(String text) {
    return Character.toUpperCase(text.charAt(0)) + text.substring(1);
  }

  /**
   * Return the whole page.
   *
   * @param command what to type to get it again
   * @param facts what else belongs to the provenance, in reading order
   */
  public HtmlReport page(String command, Map<String, String> facts) {
    var effects = findings.effects();
    var data = findings.data();
    var page =
        HtmlReport.titled("Who carries the indirect object in " + findings.model().model() + "?")
            .withSummary(
                "Each attention head's output at the last token is taken from the clean run into"
                    + " the corrupted one (denoising); the heads that bring the answer back are"
                    + " then asked what they read and what they write.")
            .add(
                new Section("Baseline"),
                KeyFigures.of(
                    figure(
                        "accuracy",
                        "%.1f %%".formatted(100 * effects.accuracy()),
                        "prompts where IO is likelier than S"),
                    figure(
                        "top-1",
                        "%.1f %%".formatted(100 * effects.topAccuracy()),
                        "prompts where IO is the likeliest token"),
                    figure("clean", effects.clean(), "logit of IO minus logit of S"),
                    figure("corrupted", effects.corrupted(), "the same, " + data.corruption()),
                    figure(
                        "knocked out",
                        findings.afterKnockOut(),
                        "clean, without " + findings.knockedOut().size() + " heads")),
                new Prose(
                    "%d prompts, corruption `%s`. Means with their standard error over prompts."
                        .formatted(data.size(), data.corruption())),
                new Section("Which heads bring the answer back"),
                recovery(),
                new Prose(
                    "Blue heads carry the answer: with their clean output the corrupted run moves"
                        + " towards the clean one. Red heads work against it. Single heads need"
                        + " not add up to 1, as later heads react to earlier ones."),
                new Section("What each of them does"),
                heads());
    for (String sentence : conclusions()) {
      page = page.add(new Prose(sentence));
    }
    page = page.add(new Prose(roleRules()));
    page = page.add(new Section("Where they look"), attention());
    page = page.add(new Section("Prompts"), prompts());
    for (String note : data.notes()) {
      page = page.add(new Prose(note));
    }
    return page.add(
        new Section("Provenance"), new Command("Run it again", command), provenance(facts));
  }

  private static String roleRules() {
    return "The names in the last column follow from the figures beside them: a head with at least"
        + " %.0f %% of its recovery written directly is a name mover if it looks at IO and raises"
            .formatted(100 * HeadRole.leastDirect())
        + " the name it reads, a subject suppressor if it looks at S and lowers it; with less it"
        + " works through later layers.";
  }

  private AttentionView attention() {
    var example = findings.data().examples().getFirst();
    var heads = new ArrayList<AttentionView.HeadPattern>();
    findings
        .patterns()
        .forEach(
            (head, pattern) -> heads.add(AttentionView.HeadPattern.of(head.toString(), pattern)));
    return new AttentionView(
        "Attention of the heads above on the first prompt",
        new TokenLine("clean", example.clean().tokens(), roles(example), ""),
        heads);
  }

  private Prompts prompts() {
    var lines = new ArrayList<TokenLine>();
    for (var example : findings.data().examples().stream().limit(PROMPTS_SHOWN).toList()) {
      var roles = roles(example);
      lines.add(
          new TokenLine(
              "clean",
              example.clean().tokens(),
              roles,
              "answer" + example.answers().getFirst().text()));
      lines.add(new TokenLine("corrupted", example.corrupted().tokens(), roles, ""));
    }
    int total = findings.data().size();
    String title =
        total <= PROMPTS_SHOWN
            ? "All " + total + " prompts"
            : "The first " + PROMPTS_SHOWN + " of " + total + " prompts";
    return new Prompts(title, lines);
  }

  private static Map<Integer, String> roles(TaskExample example) {
    var roles = new LinkedHashMap<Integer, String>();
    example.positions().forEach((position, index) -> roles.putIfAbsent(index, position.name()));
    return roles;
  }

  private Provenance provenance(Map<String, String> facts) {
    var model = findings.model();
    var entries = new LinkedHashMap<String, String>();
    entries.put("model", model.model());
    if (!model.revision().isEmpty()) {
      entries.put("revision", model.revision());
    }
    entries.put("weights sha256", model.weightsSha256());
    entries.put("tokenizer sha256", model.tokenizerSha256());
    entries.put("weight processing", model.processing().toString());
    entries.put("computed in", model.dtype());
    entries.put("sweep", "%.2f s".formatted(findings.seconds()));
    entries.putAll(facts);
    return Provenance.of(entries);
  }

  private static KeyFigures.Figure figure(String name, String value, String explanation) {
    return new KeyFigures.Figure(name, value, explanation);
  }

  private static KeyFigures.Figure figure(String name, Estimate estimate, String explanation) {
    return figure(
        name,
        "%+.2f".formatted(estimate.mean()),
        estimate.n() == 1
            ? explanation
            : explanation + " (± %.2f)".formatted(estimate.standardError()));
  }
}
