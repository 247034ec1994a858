package dev.loupe.study.syllogism;

import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.sweep.SweepOptions;
import dev.loupe.study.ReadingJson;
import dev.loupe.study.StudyContext;
import dev.loupe.study.StudyTable;
import dev.loupe.study.StudyTable.Column;
import dev.loupe.study.behaviour.BehaviourAnalysis;
import dev.loupe.task.TaskData;
import dev.loupe.task.TaskExample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The prompts that were kept, and all candidates that were tried for them.
 *
 * @param rule what was asked of them
 * @param available how many candidates there were
 * @param candidates those that were tried, in their order
 * @param kept those that the study is of, as many as were asked for
 */
public record Selected(
    Selection rule, long available, List<Candidate> candidates, List<TaskExample> kept) {
  private static final int BATCH = 64;

  /**
   * A pair of prompts that was tried.
   *
   * @param example the pair
   * @param clean its logit difference
   * @param opposite that of the corrupted prompt, with the same answers
   * @param passes whether it is kept by the rule
   */
  public record Candidate(TaskExample example, double clean, double opposite, boolean passes) {}

  /** Copies the lists. */
  public Selected {
    candidates = List.copyOf(candidates);
    kept = List.copyOf(kept);
  }

  /** Returns how many of those that were tried passed. */
  public int passed() {
    return (int) candidates.stream().filter(Candidate::passes).count();
  }

  /**
   * Tries candidates in their order until enough are kept.
   *
   * @param available how many candidates there are
   * @param candidate gives them by their number
   * @throws IllegalStateException if too few pass, saying how far they are from it
   */
  static Selected of(
      StudyContext context,
      Selection rule,
      int count,
      long available,
      LongFunction<TaskExample> candidate) {
    var tried = new ArrayList<Candidate>();
    var kept = new ArrayList<TaskExample>();
    var progress = context.stage("selecting prompts");
    var usual = context.sweep("selection");
    // Batches are over in no time: nothing of them is worth storing.
    var options = new SweepOptions(usual.memory(), usual.threads(), Optional.empty());
    long most = Math.min(available, rule.candidates());
    while (kept.size() < count && tried.size() < most) {
      var batch = new ArrayList<TaskExample>();
      for (long i = tried.size(); i < Math.min(most, 1L * tried.size() + BATCH); i++) {
        batch.add(candidate.apply(i));
      }
      var pairs = new TaskData("candidates", "", batch, List.of()).pairs();
      var measured =
          BehaviourAnalysis.baseline(
              context.model(), pairs, StandardMetric.LOGIT_DIFFERENCE, options, (_, _) -> {});
      double[] clean = measured.cleanByPrompt();
      double[] opposite = measured.corruptedByPrompt();
      for (int i = 0; i < clean.length; i++) {
        boolean passes = rule.keeps(clean[i], opposite[i]);
        tried.add(new Candidate(batch.get(i), clean[i], opposite[i], passes));
        if (passes && kept.size() < count) {
          kept.add(batch.get(i));
        }
      }
      progress.at(kept.size(), count);
    }
    var selected = new Selected(rule, available, tried, kept);
    if (kept.size() < count) {
      throw new IllegalStateException(selected.tooFew(count));
    }
    return selected;
  }

  private String tooFew(int count) {
    return String.format(
        Locale.ROOT,
        "%d of %d candidates (%d there are) have a logit difference above %s, and below %s on the"
            + " corrupted prompt: expected %d. Clean prompts have %s; corrupted ones %s. Change"
            + " selection.clean_above, selection.opposite_below or selection.candidates, ask for a"
            + " smaller count, or give other words, tokens or a template",
        kept.size(),
        candidates.size(),
        available,
        rule.cleanAbove(),
        rule.oppositeBelow(),
        count,
        spread(candidates.stream().mapToDouble(Candidate::clean)),
        spread(candidates.stream().mapToDouble(Candidate::opposite)));
  }

  private static String spread(DoubleStream values) {
    double[] at = quartiles(values);
    return String.format(
        Locale.ROOT,
        "%+.2f to %+.2f, quartiles %+.2f, %+.2f, %+.2f",
        at[0],
        at[4],
        at[1],
        at[2],
        at[3]);
  }

  /** Returns the least, the quartiles and the most of some values. */
  private static double[] quartiles(DoubleStream values) {
    double[] sorted = values.sorted().toArray();
    return IntStream.rangeClosed(0, 4)
        .mapToDouble(i -> sorted[(int) Math.round(i * (sorted.length - 1) / 4.0)])
        .toArray();
  }

  Map<String, @Nullable Object> json() {
    return ReadingJson.part()
        .put("clean_above", rule.cleanAbove())
        .put("opposite_below", rule.oppositeBelow())
        .put("available", (Object) available)
        .put("tried", (Object) candidates.size())
        .put("passed", (Object) passed())
        .put("kept", (Object) kept.size())
        .put("clean", values(Candidate::clean))
        .put("opposite", values(Candidate::opposite))
        .put("clean_quartiles", quartiles(Arrays.stream(values(Candidate::clean))))
        .put("opposite_quartiles", quartiles(Arrays.stream(values(Candidate::opposite))))
        .map();
  }

  private double[] values(ToDoubleFunction<Candidate> of) {
    return candidates.stream().mapToDouble(of).toArray();
  }

  StudyTable table() {
    var table =
        StudyTable.of(
            "candidates",
            Column.whole("candidate"),
            Column.text("clean"),
            Column.text("answer"),
            Column.number("clean_logit_difference"),
            Column.number("opposite_logit_difference"),
            Column.truth("passes"));
    for (int i = 0; i < candidates.size(); i++) {
      var it = candidates.get(i);
      table.row(
          i,
          it.example().clean().text(),
          it.example().answers().getFirst().text(),
          it.clean(),
          it.opposite(),
          it.passes());
    }
    return table.build();
  }
}
