package dev.loupe.lens.heads;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What was measured of one head on the clean prompts.
 *
 * @param head the head
 * @param recovery of its patch
 * @param attention from the last token to each named position, a mean over prompts
 * @param ovEffect at each named position: by how many logits, at full attention, the head's value
 *     and output matrices raise the token read there above the mean of the candidate tokens
 * @param direct the share of the clean-corrupted gap that the head writes into the logits itself,
 *     not through later layers
 */
public record HeadEvidence(
    Head head,
    Estimate recovery,
    Map<String, Double> attention,
    Map<String, Double> ovEffect,
    double direct) {
  /** Copies the maps, order kept. */
  public HeadEvidence {
    attention = Collections.unmodifiableMap(new LinkedHashMap<>(attention));
    ovEffect = Collections.unmodifiableMap(new LinkedHashMap<>(ovEffect));
  }

  /** Returns the attention to a named position. */
  public double attentionTo(String position) {
    return lookUp(attention, position);
  }

  /** Returns the effect on the token read at a named position. */
  public double ovEffectAt(String position) {
    return lookUp(ovEffect, position);
  }

  private static double lookUp(Map<String, Double> map, String position) {
    var found = map.get(position);
    if (found == null) {
      throw new IllegalArgumentException(
          "no position " + position + " here; there are " + map.keySet());
    }
    return found;
  }
}
