package dev.loupe.demo;

import dev.loupe.demo.DemoModelFigures.Choice;
import dev.loupe.lens.Answers;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.Bos;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.PaddingSide;
import dev.loupe.model.Prompt;
import dev.loupe.model.Run;
import dev.loupe.model.Tokenizer;
import dev.loupe.model.Tokens;
import dev.loupe.task.Corruption;
import dev.loupe.task.IndirectObject;
import dev.loupe.task.IndirectObjectLists;
import dev.loupe.task.IndirectObjectOptions;
import dev.loupe.task.TaskData;
import dev.loupe.task.TaskExample;
import dev.loupe.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Prompts of the indirect-object task whose pair of names no training text held. */
final class HeldOutSentences {
  private static final int ROWS = 64;
  private static final long SEED = 20_261_121;

  private HeldOutSentences() {}

  /** Makes prompts of one template, names swapped in the corrupted ones. */
  static List<TaskExample> of(Tokenizer tokenizer, int template, int count) {
    var all = IndirectObjectLists.standard();
    var lists =
        new IndirectObjectLists(
            all.names(), all.places(), all.objects(), List.of(all.templates().get(template)));
    var found = new ArrayList<TaskExample>();
    for (long seed = SEED + 1000L * template; found.size() < count; seed++) {
      var options = new IndirectObjectOptions(8 * count, seed, Corruption.NAME_SWAP, Bos.PREPEND);
      IndirectObject.generate(tokenizer, lists, options).examples().stream()
          .filter(HeldOutSentences::isHeldOut)
          .limit(count - found.size())
          .forEach(found::add);
    }
    return found;
  }

  /** Makes as many prompts of every template, which together are {@code count} or a few more. */
  static TaskData mixed(Tokenizer tokenizer, int count) {
    int templates = Words.TEMPLATES.size();
    var examples = new ArrayList<TaskExample>();
    for (int template = 0; template < templates; template++) {
      examples.addAll(of(tokenizer, template, (count + templates - 1) / templates));
    }
    return new TaskData(
        "indirect-object",
        Corruption.NAME_SWAP.toString(),
        examples,
        List.of("pairs of names that the training never saw"));
  }

  static boolean isHeldOut(TaskExample example) {
    return HeldOut.pair(
        example.answers().getFirst().text().strip(), example.wrong().getFirst().text().strip());
  }

  /** Measures how often, and by how much, IO is preferred over S. */
  static Choice choice(HookedTransformer model, List<TaskExample> examples) {
    var difference = new double[examples.size()];
    double top = 0;
    for (int from = 0; from < difference.length; from += ROWS) {
      int to = Math.min(from + ROWS, difference.length);
      var part = examples.subList(from, to);
      var answers =
          Answers.of(
              part.stream().mapToLong(e -> e.answers().getFirst().id()).toArray(),
              part.stream().mapToLong(e -> e.wrong().getFirst().id()).toArray());
      try (var _ = TensorScope.open()) {
        var tokens = batch(part.stream().map(TaskExample::clean).toList());
        var logits = model.run(Run.of(tokens).returning(Run.Returns.LAST_LOGITS)).output();
        System.arraycopy(
            StandardMetric.LOGIT_DIFFERENCE.ofLogits(logits, answers),
            0,
            difference,
            from,
            to - from);
        for (double isTop : StandardMetric.ACCURACY.ofLogits(logits, answers)) {
          top += isTop;
        }
      }
    }
    double right = Arrays.stream(difference).filter(d -> d > 0).count();
    return new Choice(right / difference.length, top / difference.length, Estimate.of(difference));
  }

  /** Batches prompts, the shorter ones padded on the left. */
  static Tokens batch(List<Prompt> prompts) {
    return Tokens.padded(PaddingSide.LEFT, 0, prompts.stream().map(Prompt::idArray).toList());
  }
}
