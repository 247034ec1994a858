package dev.loupe.study.behaviour;

import dev.loupe.lens.At;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.attribution.Contributor;
import dev.loupe.lens.logitlens.LensCurves;
import dev.loupe.lens.sweep.PatchSite;
import dev.loupe.lens.sweep.SweepResult;
import dev.loupe.model.Token;
import dev.loupe.study.StudyTable;
import dev.loupe.study.StudyTable.Column;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What was found of a behaviour, one row a prompt, layer, head, cell or path. */
final class BehaviourTables {
  private static final Column MEAN = Column.number("mean");
  private static final Column ERROR = Column.number("standard_error");
  private static final Column COUNT = Column.whole("n");

  private final BehaviourFindings found;

  private BehaviourTables(BehaviourFindings found) {
    this.found = found;
  }

  static List<StudyTable> of(BehaviourFindings found) {
    var tables = new BehaviourTables(found);
    return List.of(
        tables.prompts(),
        tables.layers(),
        tables.heads(),
        tables.patching(),
        tables.knockOut(),
        tables.paths());
  }

  private StudyTable prompts() {
    var table =
        StudyTable.of(
            "prompts",
            Column.whole("prompt"),
            Column.text("clean"),
            Column.text("corrupted"),
            Column.text("answer"),
            Column.text("wrong"),
            Column.number("clean_logit_difference"),
            Column.number("corrupted_logit_difference"));
    double[] clean = found.baselines().logitDifference().cleanByPrompt();
    double[] corrupted = found.baselines().logitDifference().corruptedByPrompt();
    for (int row = 0; row < clean.length; row++) {
      var prompt = found.prompts().get(row);
      table.row(
          row,
          text(prompt.clean()),
          text(prompt.corrupted()),
          text(prompt.answers()),
          text(prompt.wrong()),
          clean[row],
          corrupted[row]);
    }
    return table.build();
  }

  /** Returns the text of tokens; ids where there is no tokenizer. */
  private static String text(List<Token> tokens) {
    boolean hasText = tokens.stream().noneMatch(token -> token.text().isEmpty());
    return tokens.stream()
        .map(token -> hasText ? token.text() : Long.toString(token.id()))
        .collect(Collectors.joining(hasText ? "" : " "));
  }

  /** Returns the logit lens and what parts add, by layer. */
  private StudyTable layers() {
    var table =
        StudyTable.of("layers", Column.text("reading"), Column.text("part"), MEAN, ERROR, COUNT);
    lens(table, "logit_lens_clean", found.lens().clean());
    lens(table, "logit_lens_corrupted", found.lens().corrupted());
    lens(table, "logit_lens_own_scale", found.lens().alone());
    for (var part : found.layers().parts()) {
      row(table, part.value(), "attribution", part.contributor().toString());
    }
    return table.build();
  }

  private static void lens(StudyTable.Builder table, String name, LensCurves curves) {
    var values = curves.of(At.END, StandardMetric.LOGIT_DIFFERENCE);
    for (int i = 0; i < values.size(); i++) {
      row(table, values.get(i), name, curves.layers().get(i));
    }
  }

  private StudyTable heads() {
    var table =
        StudyTable.of(
            "heads",
            Column.whole("layer"),
            Column.whole("head"),
            Column.number("to_logits"),
            Column.number("to_logits_standard_error"),
            Column.number("adds"),
            Column.number("adds_standard_error"),
            Column.number("adds_after_knock_out"),
            Column.number("growth"),
            Column.number("growth_standard_error"),
            Column.truth("knocked_out"),
            COUNT);
    for (var part : found.heads().parts()) {
      if (part.contributor() instanceof Contributor.OfHead(var head)) {
        var backup = found.knockOut().backup().of(head);
        var paths = found.toLogits().heads();
        int heads = paths.axes().getLast().size();
        var loss = paths.loss(head.layer() * heads + head.index());
        table.row(
            head.layer(),
            head.index(),
            loss.mean(),
            loss.standardError(),
            part.value().mean(),
            part.value().standardError(),
            backup.after().mean(),
            backup.growth().mean(),
            backup.growth().standardError(),
            found.knockOut().heads().contains(head),
            part.value().n());
      }
    }
    return table.build();
  }

  /** Returns every cell of activation patching; without a position all are patched together. */
  private StudyTable patching() {
    var table =
        StudyTable.of(
            "patching",
            Column.text("site"),
            Column.whole("layer"),
            Column.whole("head"),
            Column.text("position"),
            Column.number("value"),
            Column.number("recovery"),
            Column.number("recovery_standard_error"),
            COUNT);
    for (var sweeps : List.of(found.streams(), found.sites(), found.sitesByPosition())) {
      sweeps.forEach((site, result) -> cells(table, site, result));
    }
    return table.build();
  }

  private static void cells(StudyTable.Builder table, PatchSite site, SweepResult result) {
    for (int cell = 0; cell < result.size(); cell++) {
      var labels = labels(result, cell);
      var recovery = result.recovery(cell);
      table.row(
          site.toString(),
          number(labels.get("layer")),
          number(labels.get("head")),
          labels.getOrDefault("position", "all"),
          result.value(cell).mean(),
          recovery.mean(),
          recovery.standardError(),
          recovery.n());
    }
  }

  private static Map<String, String> labels(SweepResult result, int cell) {
    var labels = new LinkedHashMap<String, String>();
    var values = result.sweep().grid().labels(cell);
    for (int axis = 0; axis < values.size(); axis++) {
      labels.put(result.axes().get(axis).name(), values.get(axis));
    }
    return labels;
  }

  private static @Nullable Long number(@Nullable String label) {
    return label == null ? null : (Long) Long.parseLong(label);
  }

  private StudyTable knockOut() {
    var table =
        StudyTable.of(
            "knock_out", Column.text("metric"), Column.text("knocked_out"), MEAN, ERROR, COUNT);
    for (var result : List.of(found.knockOut().logitDifference(), found.knockOut().accuracy())) {
      var metric = result.metric().toString();
      row(table, result.clean(), metric, "nothing");
      for (int cell = 0; cell < result.size(); cell++) {
        row(table, result.value(cell), metric, result.sweep().grid().labels(cell).getFirst());
      }
    }
    return table.build();
  }

  /** Returns every head as a sender to all receivers of a level, and the edges to each. */
  private StudyTable paths() {
    var table =
        StudyTable.of(
            "paths",
            Column.whole("level"),
            Column.text("input"),
            Column.text("receivers"),
            Column.whole("layer"),
            Column.whole("head"),
            Column.number("loss"),
            Column.number("loss_standard_error"),
            COUNT);
    for (var level : found.paths()) {
      for (var input : level.inputs()) {
        var receivers =
            input.receivers().stream().map(Object::toString).collect(Collectors.joining(", "));
        for (int cell = 0; cell < input.senders().size(); cell++) {
          var labels = labels(input.senders(), cell);
          path(
              table,
              level,
              input,
              receivers,
              new Head(Integer.parseInt(labels.get("layer")), Integer.parseInt(labels.get("head"))),
              input.senders().loss(cell));
        }
        if (input.receivers().size() > 1) {
          for (var edge : input.edges()) {
            path(table, level, input, edge.receiver().toString(), edge.sender(), edge.loss());
          }
        }
      }
    }
    return table.build();
  }

  private static void path(
      StudyTable.Builder table,
      PathLevel level,
      PathLevel.ToInput input,
      String receivers,
      Head sender,
      Estimate loss) {
    table.row(
        level.number(),
        input.letter(),
        receivers,
        sender.layer(),
        sender.index(),
        loss.mean(),
        loss.standardError(),
        loss.n());
  }

  private static void row(StudyTable.Builder table, Estimate value, String first, String second) {
    table.row(first, second, value.mean(), value.standardError(), value.n());
  }
}
