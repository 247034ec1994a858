package dev.loupe.task;

import dev.loupe.lens.Answers;
import dev.loupe.lens.PromptPairs;
import dev.loupe.model.PaddingSide;
import dev.loupe.model.Prompt;
import dev.loupe.model.Token;
import dev.loupe.model.Tokens;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Holds the examples of one behaviour.
 *
 * @param name the behaviour, such as {@code indirect-object}
 * @param corruption how the corrupted prompts were made, such as {@code name-swap}
 * @param examples at least one
 * @param notes what a reader should know of the making, such as words that were left out
 */
public record TaskData(
    String name, String corruption, List<TaskExample> examples, List<String> notes) {

  /** Copies the lists; refuses a task without examples. */
  public TaskData {
    examples = List.copyOf(examples);
    notes = List.copyOf(notes);
    if (examples.isEmpty()) {
      throw new IllegalArgumentException(
          "task " + name + " has no examples; expected at least one");
    }
  }

  /** The number of examples. */
  public int size() {
    return examples.size();
  }

  /**
   * Returns the examples as a batch, the shorter ones padded on the left. Key positions that every
   * example has keep their names; rows of one template have one length.
   */
  public PromptPairs pairs() {
    return new PromptPairs(
        batch(TaskExample::clean),
        batch(TaskExample::corrupted),
        new Answers(ids(TaskExample::answers), ids(TaskExample::wrong)),
        positions(),
        examples.stream().map(TaskData::template).toList());
  }

  private Tokens batch(Function<TaskExample, Prompt> side) {
    // Any token of the vocabulary serves as pad.
    long pad = examples.getFirst().clean().ids().getFirst();
    return Tokens.padded(
        PaddingSide.LEFT, pad, examples.stream().map(side).map(Prompt::idArray).toList());
  }

  private List<List<Long>> ids(Function<TaskExample, List<Token>> tokens) {
    return examples.stream()
        .map(example -> tokens.apply(example).stream().map(Token::id).toList())
        .toList();
  }

  private Map<String, List<Integer>> positions() {
    var named = new LinkedHashMap<String, List<Integer>>();
    examples.getFirst().positions().keySet().stream()
        .filter(position ->
            examples.stream().allMatch(example -> example.positions().containsKey(position)))
        .forEach(position ->
            named.put(
                position.name(), examples.stream().map(example -> example.at(position)).toList()));
    return named;
  }

  /** A mean by template is a mean position by position, which other lengths would mix. */
  private static String template(TaskExample example) {
    var tokens = example.clean().length() + " tokens";
    return example.template().isEmpty() ? tokens : example.template() + ", " + tokens;
  }
}
