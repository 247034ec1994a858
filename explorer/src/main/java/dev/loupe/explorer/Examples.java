package dev.loupe.explorer;

import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Prompt;
import dev.loupe.model.Token;
import dev.loupe.task.IndirectObject;
import dev.loupe.task.IndirectObjectOptions;
import dev.loupe.task.NextToken;
import dev.loupe.task.Position;
import dev.loupe.task.RepeatedSequences;
import dev.loupe.task.RepeatedSequencesOptions;
import dev.loupe.task.SyllogismOptions;
import dev.loupe.task.SyllogismWords;
import dev.loupe.task.Syllogisms;
import dev.loupe.task.TaskExample;
import dev.loupe.task.YearSpans;
import dev.loupe.task.YearSpansOptions;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Prompts of the tasks that come with Loupe, as texts. */
final class Examples {
  private static final int COUNT = 5;
  // Of each task so many are drawn, as not every one can be written as a text.
  private static final int DRAWN = 20;
  private static final int SEQUENCE = 12;
  private static final int SEQUENCES = 500;

  private Examples() {}

  /** A task of the page. */
  enum Task {
    IOI("ioi", "Indirect object"),
    GREATER_THAN("greater-than", "Greater than"),
    SYLLOGISM("syllogism", "Syllogism"),
    INDUCTION("induction", "Induction");

    private final String label;
    private final String title;

    Task(String label, String title) {
      this.label = label;
      this.title = title;
    }

    String label() {
      return label;
    }

    String title() {
      return title;
    }
  }

  /** A pair of prompts as the page types it. */
  record Example(
      String clean,
      String corrupted,
      String answer,
      String wrong,
      Map<String, Integer> positions) {}

  /** Some of a task. */
  record Drawn(String task, List<Example> examples) {}

  /**
   * Draws examples.
   *
   * @throws BadQuestion if there is no such task, or the model's vocabulary lacks its words
   */
  static Drawn draw(HookedTransformer model, String name, long seed) {
    var task =
        Arrays.stream(Task.values())
            .filter(each -> each.label().equals(name))
            .findFirst()
            .orElseThrow(() ->
                new BadQuestion(
                    "task",
                    "No task \"%s\"; there are %s."
                        .formatted(name, Arrays.stream(Task.values()).map(Task::label).toList())));
    List<TaskExample> drawn;
    try {
      drawn = draw(model, task, seed);
    } catch (IllegalArgumentException e) {
      throw Question.bad("task", e);
    }
    var examples =
        drawn.stream()
            .filter(example -> !example.wrong().isEmpty() && isExact(model, example))
            .limit(COUNT)
            .map(Examples::example)
            .toList();
    if (examples.isEmpty()) {
      throw new BadQuestion(
          "task", "%s has no texts that this tokenizer reads back.".formatted(task.title()));
    }
    return new Drawn(name, examples);
  }

  private static List<TaskExample> draw(HookedTransformer model, Task task, long seed) {
    var bos = Asked.bos(model);
    var tokenizer = model.tokenizer();
    return switch (task) {
      case IOI ->
          IndirectObject.generate(
                  tokenizer, IndirectObjectOptions.defaults(bos).withPrompts(DRAWN).withSeed(seed))
              .examples();
      case GREATER_THAN ->
          YearSpans.generate(
                  tokenizer, YearSpansOptions.defaults(bos).withPrompts(DRAWN).withSeed(seed))
              .examples();
      case SYLLOGISM -> {
        var all =
            Syllogisms.candidates(
                tokenizer, SyllogismWords.standard(), SyllogismOptions.defaults(bos));
        var random = new SplittableRandom(seed);
        yield random.longs(DRAWN, 0, all.size()).distinct().mapToObj(all::get).toList();
      }
      case INDUCTION ->
          RepeatedSequences.generate(
                  model,
                  RepeatedSequencesOptions.standard()
                      .withPrompts(SEQUENCES)
                      .withLength(Math.min(SEQUENCE, model.config().nCtx() / 2))
                      .withSeed(seed))
              .examples();
    };
  }

  private static Example example(TaskExample drawn) {
    var positions = new LinkedHashMap<String, Integer>();
    drawn
        .positions()
        .forEach((position, at) -> {
          // That is the last token, whatever the text is edited to.
          if (!position.equals(Position.END)) {
            positions.put(position.name(), at);
          }
        });
    return new Example(
        drawn.clean().text(),
        drawn.corrupted().text(),
        drawn.answers().getFirst().text(),
        drawn.wrong().getFirst().text(),
        positions);
  }

  /** Tells whether the page's texts are the prompts again, token for token. */
  private static boolean isExact(HookedTransformer model, TaskExample example) {
    return isExact(model, example.clean())
        && isExact(model, example.corrupted())
        && isMeant(model, example, example.answers().getFirst())
        && isMeant(model, example, example.wrong().getFirst());
  }

  private static boolean isExact(HookedTransformer model, Prompt prompt) {
    try {
      return Prompt.of(model.tokenizer(), prompt.text(), Asked.bos(model))
          .ids()
          .equals(prompt.ids());
    } catch (IllegalArgumentException e) {
      // Tokens side by side may read as a word that is not in the vocabulary.
      return false;
    }
  }

  private static boolean isMeant(HookedTransformer model, TaskExample example, Token token) {
    return model.tokenizer().isSingleToken(token.text())
        && NextToken.of(model.tokenizer(), example.clean().text(), token.text()).id() == token.id();
  }
}
