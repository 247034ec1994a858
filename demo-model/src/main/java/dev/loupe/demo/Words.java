package dev.loupe.demo;

import dev.loupe.task.IndirectObjectLists;
import java.util.List;

/** The word lists that several kinds of example share: those of the indirect-object task. */
final class Words {
  private static final IndirectObjectLists TASK = IndirectObjectLists.standard();

  static final List<String> NAMES = TASK.names();
  static final List<String> PLACES = TASK.places();
  static final List<String> OBJECTS = TASK.objects();

  /** The prompts that the task asks; the model must answer these. */
  static final List<String> TEMPLATES = TASK.templates();

  private Words() {}

  static List<String> words(String text) {
    return List.of(text.strip().split("\\s+", -1));
  }
}
