package dev.loupe.study.induction;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.heads.HeadDetector;
import dev.loupe.lens.heads.HeadScores;
import dev.loupe.model.Provenance;
import dev.loupe.study.HeadValues;
import dev.loupe.study.PromptRow;
import dev.loupe.study.ReadingJson;
import dev.loupe.study.StudyFindings;
import dev.loupe.study.StudyTable;
import dev.loupe.study.StudyTable.Column;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a model continues what it has seen once.
 *
 * @param study as it was carried out
 * @param model which model
 * @param prompts the prompts that heads were patched on
 * @param notes on their making, and on heads whose window is too short
 * @param scores of every head on the repeated tokens
 * @param whole how both halves are predicted by the whole model
 * @param knockOuts how the second half is predicted without some heads; the induction heads first
 * @param previous the heads that attend most to the token before
 * @param composition how much the keys of induction heads read of previous-token heads, of pairs
 *     where that is possible
 * @param chance the composition of matrices that are turned at random against one another
 * @param clean the logit difference of clean prompts
 * @param corrupted that of corrupted ones
 * @param recoveries of every head's z at END
 */
public record InductionFindings(
    Induction study,
    Provenance model,
    List<PromptRow> prompts,
    List<String> notes,
    HeadScores scores,
    Halves whole,
    List<KnockOut> knockOuts,
    List<Head> previous,
    List<Composed> composition,
    double chance,
    Estimate clean,
    Estimate corrupted,
    HeadValues recoveries)
    implements StudyFindings {
  /** Copies the lists. */
  public InductionFindings {
    prompts = List.copyOf(prompts);
    notes = List.copyOf(notes);
    knockOuts = List.copyOf(knockOuts);
    previous = List.copyOf(previous);
    composition = List.copyOf(composition);
  }

  /**
   * Both times that the tokens come.
   *
   * @param first the first time
   * @param second the second time
   */
  public record Halves(Half first, Half second) {}

  /**
   * How well one of both times is predicted, means over sequences.
   *
   * @param byPosition the loss of each token, in nats; n is 0 where nothing stands before it
   * @param loss its mean over all tokens but the first
   * @param accuracy the share of them that is the likeliest token
   */
  public record Half(List<Estimate> byPosition, Estimate loss, Estimate accuracy) {
    /** Copies the list. */
    public Half {
      byPosition = List.copyOf(byPosition);
    }
  }

  /**
   * The second half without some heads, their z at its mean over all tokens.
   *
   * @param what such as {@code induction heads}
   * @param heads which
   * @param second how it is predicted
   */
  public record KnockOut(String what, List<Head> heads, Half second) {
    /** Copies the list. */
    public KnockOut {
      heads = List.copyOf(heads);
    }
  }

  /**
   * How much the keys of a head read of what an earlier one writes.
   *
   * @param from the earlier head
   * @param to the later one
   * @param score from 0 to 1
   */
  public record Composed(Head from, Head to, double score) {}

  /** Returns the heads that attend most to what followed a token the last time. */
  public List<Head> inductionHeads() {
    return knockOuts.getFirst().heads();
  }

  /**
   * Tells whether the second time is predicted better, by more than two standard errors of both.
   */
  public boolean showsInduction() {
    var first = whole.first().loss();
    var second = whole.second().loss();
    double error = Math.hypot(first.standardError(), second.standardError());
    return first.mean() - second.mean() > 2 * error;
  }

  /** Returns the scores of a detector. */
  public HeadValues of(HeadDetector detector) {
    var rows = new ArrayList<List<Estimate>>();
    for (var head : scores.heads()) {
      if (head.head().layer() == rows.size()) {
        rows.add(new ArrayList<>());
      }
      rows.getLast().add(head.of(detector));
    }
    return new HeadValues(rows);
  }

  @Override
  public Map<String, @Nullable Object> numbers() {
    return ReadingJson.part()
        .put("length", (Object) scores.length())
        .put("first_half", json(whole.first()))
        .put("second_half", json(whole.second()))
        .put("induction", of(HeadDetector.INDUCTION).json())
        .put("previous_token", of(HeadDetector.PREVIOUS_TOKEN).json())
        .put("duplicate_token", of(HeadDetector.DUPLICATE_TOKEN).json())
        .put("previous_token_heads", previous.stream().map(Head::toString).toList())
        .put("k_composition", composition.stream().map(InductionFindings::json).toList())
        .put("k_composition_by_chance", chance)
        .put("knock_outs", knockOuts.stream().map(InductionFindings::json).toList())
        .put("clean", clean)
        .put("corrupted", corrupted)
        .put("recovery", recoveries.json())
        .map();
  }

  private static Map<String, @Nullable Object> json(Half half) {
    return ReadingJson.part()
        .put("loss", half.loss())
        .put("accuracy", half.accuracy())
        .put("loss_by_position", half.byPosition().stream().mapToDouble(Estimate::mean).toArray())
        .map();
  }

  private static Map<String, @Nullable Object> json(Composed pair) {
    return ReadingJson.part()
        .put("from", pair.from().toString())
        .put("to", pair.to().toString())
        .put("score", pair.score())
        .map();
  }

  private static Map<String, @Nullable Object> json(KnockOut of) {
    return ReadingJson.part()
        .put("what", of.what())
        .put("heads", of.heads().stream().map(Head::toString).toList())
        .put("loss", of.second().loss())
        .put("accuracy", of.second().accuracy())
        .map();
  }

  @Override
  public List<StudyTable> tables() {
    return List.of(
        positions(),
        of(HeadDetector.INDUCTION).table("induction"),
        of(HeadDetector.PREVIOUS_TOKEN).table("previous_token"),
        of(HeadDetector.DUPLICATE_TOKEN).table("duplicate_token"),
        recoveries.table("recovery"),
        knockOutTable());
  }

  private StudyTable positions() {
    var table =
        StudyTable.of(
            "loss_by_position",
            Column.whole("half"),
            Column.whole("position"),
            Column.number("mean"),
            Column.number("standard_error"),
            Column.whole("n"));
    var halves = List.of(whole.first(), whole.second());
    for (int half = 0; half < halves.size(); half++) {
      var losses = halves.get(half).byPosition();
      for (int at = 0; at < losses.size(); at++) {
        var loss = losses.get(at);
        table.row(half + 1, at, loss.mean(), loss.standardError(), loss.n());
      }
    }
    return table.build();
  }

  private StudyTable knockOutTable() {
    var table =
        StudyTable.of(
            "knock_outs",
            Column.text("what"),
            Column.text("heads"),
            Column.number("loss"),
            Column.number("loss_standard_error"),
            Column.number("accuracy"),
            Column.number("accuracy_standard_error"));
    for (var of : knockOuts) {
      var second = of.second();
      table.row(
          of.what(),
          String.join(" ", of.heads().stream().map(Head::toString).toList()),
          second.loss().mean(),
          second.loss().standardError(),
          second.accuracy().mean(),
          second.accuracy().standardError());
    }
    return table.build();
  }
}
