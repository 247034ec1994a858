package dev.loupe.study;

import dev.loupe.lens.sweep.BackupHeads;
import dev.loupe.lens.sweep.SweepResult;
import dev.loupe.model.Provenance;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a sweep found, with all that it takes to tell of it.
 *
 * @param kind which experiment it is
 * @param model which model
 * @param what what the cells change, in a few words: {@code z at END}
 * @param interventions the same for a program, as values that JSON has
 * @param result the numbers
 * @param prompts the prompts, row by row as in the result
 * @param notes what a reader should know of the making
 * @param seconds how long it took
 * @param backupHeads what heads add before and after a knock-out, where that was asked for
 */
public record SweepFindings(
    Kind kind,
    Provenance model,
    String what,
    Map<String, Object> interventions,
    SweepResult result,
    List<PromptRow> prompts,
    List<String> notes,
    double seconds,
    Optional<BackupHeads> backupHeads) {
  /** Takes the findings of a sweep alone. */
  public SweepFindings(
      Kind kind,
      Provenance model,
      String what,
      Map<String, Object> interventions,
      SweepResult result,
      List<PromptRow> prompts,
      List<String> notes,
      double seconds) {
    this(kind, model, what, interventions, result, prompts, notes, seconds, Optional.empty());
  }

  /** Which experiment a sweep is. */
  public enum Kind {
    /** Values of one run put into the other. */
    PATCHING("activation-patching"),
    /** Values of one run put into the other along the paths from senders to receivers. */
    PATH_PATCHING("path-patching"),
    /** Parts of the model put out of action. */
    ABLATION("ablation"),
    /** All but some parts of the model put out of action. */
    ABLATION_OF_THE_REST("ablation-of-the-rest");

    private final String label;

    Kind(String label) {
      this.label = label;
    }

    /** Tells whether values of one run are put into the other. */
    public boolean isPatching() {
      return this == PATCHING || this == PATH_PATCHING;
    }

    /** Returns the name in result files: {@code activation-patching}. */
    @Override
    public String toString() {
      return label;
    }
  }

  /** Copies the collections, order kept. */
  public SweepFindings {
    interventions = Collections.unmodifiableMap(new LinkedHashMap<>(interventions));
    prompts = List.copyOf(prompts);
    notes = List.copyOf(notes);
    if (prompts.size() != result.cleanByPrompt().length) {
      throw new IllegalArgumentException(
          prompts.size() + " prompts of a result of " + result.cleanByPrompt().length);
    }
  }
}
