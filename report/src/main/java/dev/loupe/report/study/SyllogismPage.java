package dev.loupe.report.study;

import dev.loupe.report.Block;
import dev.loupe.report.KeyFigures;
import dev.loupe.report.PromptLines;
import dev.loupe.report.Prose;
import dev.loupe.report.ScatterChart;
import dev.loupe.study.syllogism.Selected;
import dev.loupe.study.syllogism.SyllogismFindings;
import dev.loupe.task.SyllogismWords;
import dev.loupe.task.WordSource;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Tells the study of syllogisms, or of own pairs of prompts. */
final class SyllogismPage implements StudyPage {
  private final SyllogismFindings findings;
  private final BehaviourSections sections;
  private final BehaviourWords words;

  SyllogismPage(SyllogismFindings findings) {
    this.findings = findings;
    sections = new BehaviourSections(findings.model(), findings.behaviour());
    words = new BehaviourWords(findings.model(), findings.behaviour());
  }

  @Override
  public SyllogismFindings findings() {
    return findings;
  }

  @Override
  public String title() {
    return isOwn()
        ? "What carries the answer in " + findings.model().model() + "?"
        : "How " + findings.model().model() + " concludes a syllogism";
  }

  private boolean isOwn() {
    return findings.words().isEmpty();
  }

  @Override
  public List<String> asked() {
    var rule = findings.selected().rule();
    var pairs =
        isOwn()
            ? "Pairs of prompts from `"
                + findings.study().file()
                + "`, each with an answer and a wrong one."
            : "Prompts of the form `"
                + findings.study().template()
                + "`: the answer is the descriptor, the wrong answer its opposite. In the corrupted"
                + " prompt the two are exchanged, so that its answer is the opposite.";
    return List.of(
        pairs
            + " Kept are pairs that the model answers both ways: a logit difference above "
            + Told.signed(rule.cleanAbove())
            + " on the clean prompt, and with the same answers below "
            + Told.signed(rule.oppositeBelow())
            + " on the corrupted one.",
        "Then the behaviour is taken apart: how the answer builds up, which heads write it and where"
            + " they look, where it is kept on the way, what is lost without the heads that write"
            + " it and who stands in for them, and along which paths they are fed. All numbers are"
            + " of the logit difference of answer and wrong answer at END, the last token, and means"
            + " over prompts with their standard errors.");
  }

  @Override
  public List<Block> data() {
    var blocks = new ArrayList<Block>();
    findings.words().ifPresent(kept -> blocks.add(new Prose(source(kept))));
    blocks.add(selection());
    blocks.add(new Prose(passed()));
    blocks.add(PromptLines.pairs(findings.prompts()));
    return blocks;
  }

  private String source(SyllogismWords kept) {
    var from =
        switch (findings.study().words()) {
          case WordSource.Shipped() -> "the lists that Loupe brings along";
          case WordSource.WordFile(var name) -> "the file `" + name + "`";
          case WordSource.Chat(var chat) -> "the chat model `" + chat.model() + "`";
          case WordSource.Listed(_, var who) ->
              who.isEmpty() ? "the specification" : "`" + who + "`, listed in the specification";
        };
    return "Words from "
        + from
        + ", as far as they fit the tokenizer: "
        + kept.categories().size()
        + " categories, "
        + kept.descriptors().size()
        + " pairs of opposites, "
        + kept.nouns().size()
        + " nouns.";
  }

  private ScatterChart selection() {
    return new ScatterChart(
        "The candidates that were tried",
        "logit difference of the clean prompt",
        "the same answers, corrupted prompt",
        findings.selected().candidates().stream()
            .map(it ->
                new ScatterChart.Point(
                    label(it), it.passes() ? "passes" : "left out", it.clean(), it.opposite()))
            .toList(),
        ScatterChart.Guide.NONE);
  }

  private static String label(Selected.Candidate candidate) {
    var example = candidate.example();
    return example.answers().getFirst().text().strip()
        + ", not "
        + example.wrong().stream()
            .map(token -> token.text().strip())
            .collect(Collectors.joining("/"));
  }

  private String passed() {
    var selected = findings.selected();
    return "Each point is a candidate; those at the lower right are answered both ways. Of "
        + selected.candidates().size()
        + " that were tried in seeded order (there are "
        + selected.available()
        + ") "
        + selected.passed()
        + " pass, "
        + Told.percent((double) selected.passed() / selected.candidates().size())
        + "; the first "
        + selected.kept().size()
        + " of them are the prompts.";
  }

  @Override
  public List<KeyFigures.Figure> baselines() {
    return sections.baselines();
  }

  @Override
  public List<Block> results() {
    return sections.all();
  }

  @Override
  public List<Block> circuit() {
    int layers = findings.behaviour().toLogits().mlps().size();
    return List.of(words.graph(layers), new Prose(words.reading()));
  }

  @Override
  public List<String> conclusions() {
    var all = new ArrayList<String>();
    var selected = findings.selected();
    all.add(
        "`"
            + Told.percent((double) selected.passed() / selected.candidates().size())
            + "` of the candidates are answered both ways.");
    all.addAll(words.conclusions());
    return all;
  }

  @Override
  public List<Block> highlights() {
    return sections.highlights();
  }
}
