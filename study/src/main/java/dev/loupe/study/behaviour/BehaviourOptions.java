package dev.loupe.study.behaviour;

import dev.loupe.lens.sweep.PatchSite;
import dev.loupe.lens.sweep.Places;
import dev.loupe.study.HeadName;
import java.util.List;

/**
 * How deep the analysis of a behaviour goes.
 *
 * @param positions where activations are patched one position at a time: {@code auto} (each token
 *     where all prompts have one length, else the key positions), {@code each}, or positions with
 *     commas between them
 * @param heads what of each head is patched at all positions: of {@code z}, {@code q}, {@code k},
 *     {@code v}, {@code pattern}; z always
 * @param headsByPosition what of each head is patched position by position: a list of the same with
 *     commas, {@code none}, or {@code auto} (all five where that is few cells, z where that is,
 *     else none)
 * @param top how many heads are looked at closely: those that write most of the answer, and those
 *     whose output brings most of it back
 * @param attentionPrompts of how many prompts attention patterns are shown
 * @param knockOut which heads are knocked out
 * @param paths along which paths is asked
 */
public record BehaviourOptions(
    String positions,
    List<String> heads,
    String headsByPosition,
    int top,
    int attentionPrompts,
    KnockOut knockOut,
    PathOptions paths) {
  static final String AUTO = "auto";
  static final String NONE = "none";
  private static final List<PatchSite> SITES =
      List.of(PatchSite.Z, PatchSite.Q, PatchSite.K, PatchSite.V, PatchSite.PATTERN);

  /**
   * Which heads are knocked out: their z at the last position becomes 0.
   *
   * @param heads by name, such as {@code L9H9}; empty for those that write most of the answer, or
   *     where none does, those whose patch changes most
   * @param top how many of these, where none are named
   */
  public record KnockOut(List<String> heads, int top) {
    /** Copies the list; refuses none at all, a head twice, and names of no heads. */
    public KnockOut {
      heads = List.copyOf(heads);
      if (HeadName.parse(heads).stream().distinct().count() < heads.size()) {
        throw new IllegalArgumentException("knock_out: heads " + heads + ": expected each once");
      }
      if (heads.isEmpty() && top < 1) {
        throw new IllegalArgumentException(
            "knock_out: top " + top + " and no heads: expected heads, or 1 or more");
      }
    }
  }

  /** Copies the list; refuses positions, sites and numbers that there are not. */
  public BehaviourOptions {
    heads = List.copyOf(heads);
    sites("heads", heads);
    if (!heads.contains(PatchSite.Z.toString())) {
      throw new IllegalArgumentException("heads " + heads + ": expected z among them");
    }
    if (!positions.equals(AUTO) && !Places.parse(positions).isAxis()) {
      throw new IllegalArgumentException(
          "positions \"" + positions + "\": expected auto, each, or two or more with commas");
    }
    if (!headsByPosition.equals(AUTO) && !headsByPosition.equals(NONE)) {
      sites("heads_by_position", List.of(headsByPosition.split(",", -1)));
    }
    if (top < 1 || attentionPrompts < 0) {
      throw new IllegalArgumentException(
          "top "
              + top
              + ", attention_prompts "
              + attentionPrompts
              + ": expected 1 or more, 0 or more");
    }
  }

  /** Returns all of it, three levels of paths deep. */
  public static BehaviourOptions standard() {
    return new BehaviourOptions(
        AUTO,
        SITES.stream().map(PatchSite::toString).toList(),
        AUTO,
        4,
        2,
        new KnockOut(List.of(), 3),
        PathOptions.standard());
  }

  /** Returns what of each head is patched at all positions. */
  List<PatchSite> headSites() {
    return sites("heads", heads);
  }

  /**
   * Returns what of each head is patched position by position.
   *
   * @param cells how many cells that is of a site
   */
  List<PatchSite> headSitesByPosition(int cells) {
    return switch (headsByPosition) {
      case NONE -> List.of();
      case AUTO ->
          // What takes hours on two cores is not begun unasked.
          cells * SITES.size() <= 6_000
              ? SITES
              : cells <= 15_000 ? List.of(PatchSite.Z) : List.of();
      default -> sites("heads_by_position", List.of(headsByPosition.split(",", -1)));
    };
  }

  private static List<PatchSite> sites(String option, List<String> names) {
    var sites =
        names.stream()
            .map(name ->
                SITES.stream()
                    .filter(site -> site.toString().equals(name.strip()))
                    .findFirst()
                    .orElseThrow(() ->
                        new IllegalArgumentException(
                            option + " \"" + name + "\": expected some of " + SITES)))
            .toList();
    if (sites.isEmpty() || sites.stream().distinct().count() < sites.size()) {
      throw new IllegalArgumentException(
          option + " " + names + ": expected one or more, each once");
    }
    return sites;
  }
}
