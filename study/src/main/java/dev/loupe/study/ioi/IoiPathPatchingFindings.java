package dev.loupe.study.ioi;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.gradient.Agreement;
import dev.loupe.model.Provenance;
import dev.loupe.study.HeadValues;
import dev.loupe.study.HeadValues.OfHead;
import dev.loupe.study.PromptRow;
import dev.loupe.study.ReadingJson;
import dev.loupe.study.StudyFindings;
import dev.loupe.study.StudyTable;
import dev.loupe.study.StudyTable.Column;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What heads do to the indirect object through all paths and through the direct one.
 *
 * @param study as it was carried out
 * @param model which model
 * @param corruption how the corrupted prompts were made
 * @param prompts the prompts
 * @param notes on their making
 * @param accuracy the share of clean prompts whose logit difference is above 0
 * @param clean the logit difference of clean prompts
 * @param corrupted that of corrupted ones
 * @param effects of clean z at all positions in the corrupted run: patched minus corrupted, in
 *     logits; positive where a head helps the answer
 * @param paths of corrupted z along the direct path in the clean run: patched minus clean, in
 *     logits; negative where a head helps the answer
 * @param paper the class that Wang et al. (2022) give a head; empty unless the model has the shape
 *     of theirs
 */
public record IoiPathPatchingFindings(
    IoiPathPatching study,
    Provenance model,
    String corruption,
    List<PromptRow> prompts,
    List<String> notes,
    double accuracy,
    Estimate clean,
    Estimate corrupted,
    HeadValues effects,
    HeadValues paths,
    Map<Head, String> paper)
    implements StudyFindings {
  /** Copies the collections, order kept. */
  public IoiPathPatchingFindings {
    prompts = List.copyOf(prompts);
    notes = List.copyOf(notes);
    paper = Collections.unmodifiableMap(new LinkedHashMap<>(paper));
  }

  /**
   * A head and both of its effects.
   *
   * @param head the head
   * @param effect through all paths, in logits
   * @param ofDrop the same as a share of the drop from clean to corrupted
   * @param rank by it: 1 helps most
   * @param path through the direct path, in logits
   * @param ofClean the same as a share of the clean logit difference, as Figure 3b has it
   * @param pathRank by it: 1 helps most
   * @param paper its class in the paper; empty where it has none
   */
  public record Ranked(
      Head head,
      Estimate effect,
      double ofDrop,
      int rank,
      Estimate path,
      double ofClean,
      int pathRank,
      String paper) {}

  /** Returns what is lost by the corruption, in logits. */
  public double drop() {
    return clean.mean() - corrupted.mean();
  }

  /** Returns every head, the one that helps most through all paths first. */
  public List<Ranked> ranked() {
    var byEffect = effects.descending();
    var pathRanks = new HashMap<Head, Integer>();
    for (OfHead of : paths.descending().reversed()) {
      pathRanks.put(of.head(), pathRanks.size() + 1);
    }
    var ranked = new ArrayList<Ranked>();
    for (var of : byEffect) {
      var path = paths.of(of.head());
      ranked.add(
          new Ranked(
              of.head(),
              of.value(),
              of.value().mean() / drop(),
              ranked.size() + 1,
              path,
              path.mean() / clean.mean(),
              Objects.requireNonNull(pathRanks.get(of.head())),
              paper.getOrDefault(of.head(), "")));
    }
    return ranked;
  }

  /** Returns the heads that help most through all paths: those of a positive effect. */
  public List<Ranked> helping() {
    return ranked().stream().filter(r -> r.effect().mean() > 0).limit(study.top()).toList();
  }

  /** Returns the heads that harm most through all paths, the most harmful first. */
  public List<Ranked> harming() {
    return ranked().reversed().stream()
        .filter(r -> r.effect().mean() < 0)
        .limit(study.top())
        .toList();
  }

  /** Returns how well both ways agree on how much heads help; 1 where they do. */
  public Agreement agreement() {
    return Agreement.of(
        "heads",
        effects.all().stream().mapToDouble(of -> of.value().mean()).toArray(),
        paths.all().stream().mapToDouble(of -> -of.value().mean()).toArray());
  }

  @Override
  public Map<String, @Nullable Object> numbers() {
    return ReadingJson.part()
        .put("metric", "logit difference of IO and S at END")
        .put("corruption", corruption)
        .put("accuracy", accuracy)
        .put("clean", clean)
        .put("corrupted", corrupted)
        .put("drop", drop())
        .put("effects", effects.json())
        .put("paths", paths.json())
        .put("helping", helping().stream().map(IoiPathPatchingFindings::json).toList())
        .put("harming", harming().stream().map(IoiPathPatchingFindings::json).toList())
        .put("pearson", agreement().pearson())
        .put("spearman", agreement().spearman())
        .map();
  }

  private static Map<String, @Nullable Object> json(Ranked head) {
    return ReadingJson.part()
        .put("head", head.head().toString())
        .put("effect", head.effect())
        .put("of_drop", head.ofDrop())
        .put("rank", (Object) head.rank())
        .put("path", head.path())
        .put("of_clean", head.ofClean())
        .put("path_rank", (Object) head.pathRank())
        .put("paper", head.paper())
        .map();
  }

  @Override
  public List<StudyTable> tables() {
    var table =
        StudyTable.of(
            "heads",
            Column.whole("layer"),
            Column.whole("head"),
            Column.number("effect"),
            Column.number("effect_standard_error"),
            Column.number("of_drop"),
            Column.whole("rank"),
            Column.number("path"),
            Column.number("path_standard_error"),
            Column.number("of_clean"),
            Column.whole("path_rank"),
            Column.text("paper"));
    for (var head : ranked()) {
      table.row(
          head.head().layer(),
          head.head().index(),
          head.effect().mean(),
          head.effect().standardError(),
          head.ofDrop(),
          head.rank(),
          head.path().mean(),
          head.path().standardError(),
          head.ofClean(),
          head.pathRank(),
          head.paper().isEmpty() ? null : head.paper());
    }
    return List.of(table.build());
  }
}
