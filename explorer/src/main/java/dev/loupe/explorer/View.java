package dev.loupe.explorer;

import dev.loupe.explorer.Asked.Note;
import java.util.List;
import java.util.Optional;

/**
 * All that the page shows of a question.
 *
 * @param milliseconds what it took
 * @param forwardMilliseconds what one plain forward pass of the clean prompt took
 */
record View(
    double milliseconds,
    double forwardMilliseconds,
    List<Note> notes,
    List<Shown> clean,
    List<Shown> corrupted,
    Optional<Named> answer,
    Optional<Named> wrong,
    int at,
    Optional<Measure> metric,
    Predictions predictions,
    Attention attention,
    Lens lens,
    Optional<Waterfall> attribution,
    Promoted ov) {
  /** A token of the vocabulary. */
  record Named(long id, String text) {}

  /** A token of a prompt; it may differ from the one in its place in the other prompt. */
  record Shown(long id, String text, List<String> names, boolean differs) {}

  /**
   * A metric of the runs' last positions.
   *
   * @param recovered the share of the gap to the other run that interventions close
   */
  record Measure(
      String label,
      Optional<Double> clean,
      Optional<Double> corrupted,
      Optional<Double> intervened,
      Optional<Double> recovered) {}

  /** A token that may come next. */
  record Prediction(long id, String text, double probability, double logit) {}

  /** The likeliest tokens after the position that is looked at. */
  record Predictions(
      List<Prediction> clean,
      Optional<List<Prediction>> corrupted,
      Optional<List<Prediction>> intervened) {}

  /** The pattern of one head, [dest][src], each row as long as its destination sees. */
  record Attention(
      int layer,
      int head,
      List<List<Double>> clean,
      Optional<List<List<Double>>> corrupted,
      Optional<List<List<Double>>> intervened) {}

  /**
   * What the lens says at a layer and position.
   *
   * @param answer the probability of the answer
   * @param rank how many tokens are likelier than the answer
   */
  record LensCell(
      String text, double probability, Optional<Double> answer, Optional<Integer> rank) {}

  /** The logit lens, [layer][position]. */
  record Lens(List<String> layers, List<List<LensCell>> cells) {}

  /** A part of the model and what it adds. */
  record Part(String name, double value) {}

  /** What parts of the model add to a target at the last position. */
  record Waterfall(String target, List<Part> parts, double total) {}

  /** A token and how much it is promoted, in logits, the scale of the final norm aside. */
  record Weighted(String text, double value) {}

  /** What a head writes where it attends to one token alone. */
  record Promoted(Named token, List<Weighted> most, List<Weighted> least) {}
}
