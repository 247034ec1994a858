package dev.loupe.task;

import java.util.List;

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
}
