package dev.loupe.study;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.heads.HeadEffects;
import dev.loupe.lens.heads.HeadEvidence;
import dev.loupe.model.Provenance;
import dev.loupe.task.TaskData;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the indirect-object study found in a model.
 *
 * @param model which model
 * @param data the prompts
 * @param effects the baseline and the recovery of every head
 * @param heads the evidence on the heads that carry most, the largest recovery first
 * @param knockedOut the heads that were knocked out together
 * @param afterKnockOut the clean logit difference without them
 * @param patterns the attention of each head of {@code heads} on the first prompt, [dest][src]
 * @param seconds how long the sweep took
 */
public record IndirectObjectFindings(
    Provenance model,
    TaskData data,
    HeadEffects effects,
    List<HeadEvidence> heads,
    List<Head> knockedOut,
    Estimate afterKnockOut,
    Map<Head, double[][]> patterns,
    double seconds) {
  /** Copies the collections, order kept. */
  public IndirectObjectFindings {
    heads = List.copyOf(heads);
    knockedOut = List.copyOf(knockedOut);
    patterns = Collections.unmodifiableMap(new LinkedHashMap<>(patterns));
  }
}
