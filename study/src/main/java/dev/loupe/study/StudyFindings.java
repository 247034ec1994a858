package dev.loupe.study;

import dev.loupe.circuit.Circuit;
import dev.loupe.model.Provenance;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a study found in a model: values, to be told by a page and written into a run folder. */
public interface StudyFindings {
  /** Returns the study that was carried out. */
  Study study();

  /** Returns the model that it was carried out on. */
  Provenance model();

  /** Returns the prompts with their exact tokens. */
  List<PromptRow> prompts();

  /** Returns what a reader should know of the making. */
  List<String> notes();

  /**
   * Returns every number that was found, as values that JSON has; in a replay they must be the same
   * to the last digit, so times do not belong here. {@link ReadingJson#part} makes it.
   */
  Map<String, @Nullable Object> numbers();

  /** Returns the same as tables, one a Parquet file. */
  List<StudyTable> tables();

  /** Returns the circuit, where the study chooses one. */
  default Optional<Circuit> circuit() {
    return Optional.empty();
  }
}
