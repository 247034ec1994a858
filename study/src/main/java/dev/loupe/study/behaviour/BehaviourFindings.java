package dev.loupe.study.behaviour;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.attribution.Attribution;
import dev.loupe.lens.heads.AttentionScores;
import dev.loupe.lens.logitlens.LensCurves;
import dev.loupe.lens.sweep.BackupHeads;
import dev.loupe.lens.sweep.PatchSite;
import dev.loupe.lens.sweep.SweepResult;
import dev.loupe.study.PromptRow;
import dev.loupe.study.StudyTable;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What carries a behaviour, part by part.
 *
 * @param prompts the prompts, row by row as in all that follows
 * @param baselines what the model does before anything is changed
 * @param lens the logit difference by layer
 * @param layers what embeddings, attention and MLPs add to it directly
 * @param heads what every head adds to it directly
 * @param toLogits what the paths to the logits carry that lead through no other head
 * @param attention where the heads that are looked at closely look
 * @param streams resid_pre, attn_out and mlp_out patched position by position
 * @param sites what of each head was patched at all positions
 * @param sitesByPosition what of each head was patched position by position; may be empty
 * @param knockOut what is lost without some heads
 * @param paths what reaches receivers, by level; may be empty
 * @param least the share of the gap that a path must carry to count
 * @param notes what was decided on the way
 */
public record BehaviourFindings(
    List<PromptRow> prompts,
    Baselines baselines,
    Lens lens,
    Attribution layers,
    Attribution heads,
    ToLogits toLogits,
    Attention attention,
    Map<PatchSite, SweepResult> streams,
    Map<PatchSite, SweepResult> sites,
    Map<PatchSite, SweepResult> sitesByPosition,
    KnockOut knockOut,
    List<PathLevel> paths,
    double least,
    List<String> notes) {
  /** Copies the collections, order kept. */
  public BehaviourFindings {
    prompts = List.copyOf(prompts);
    streams = Collections.unmodifiableMap(new LinkedHashMap<>(streams));
    sites = Collections.unmodifiableMap(new LinkedHashMap<>(sites));
    sitesByPosition = Collections.unmodifiableMap(new LinkedHashMap<>(sitesByPosition));
    paths = List.copyOf(paths);
    notes = List.copyOf(notes);
  }

  /**
   * What the model does.
   *
   * @param logitDifference of clean and corrupted prompts, and of every prompt
   * @param accuracy the same for whether the likeliest token is the answer
   */
  public record Baselines(SweepResult logitDifference, SweepResult accuracy) {
    /**
     * Returns the share of prompts of a side on which the answer is likelier than the wrong one.
     */
    public Estimate preferred(boolean clean) {
      double[] of = clean ? logitDifference.cleanByPrompt() : logitDifference.corruptedByPrompt();
      return Estimate.of(
          IntStream.range(0, of.length).mapToDouble(i -> of[i] > 0 ? 1 : 0).toArray());
    }

    /** Returns clean minus corrupted: what a recovery or loss of 1 is. */
    public double gap() {
      return logitDifference.clean().mean() - logitDifference.corrupted().mean();
    }
  }

  /**
   * The logit difference of residual streams at END.
   *
   * @param clean with the scale of the whole run, so that steps add up
   * @param corrupted the same of the corrupted prompts
   * @param alone with each stream's own scale, as if the model ended there
   */
  public record Lens(LensCurves clean, LensCurves corrupted, LensCurves alone) {}

  /**
   * Paths to the final residual stream at END, MLPs on the way computed anew: noising.
   *
   * @param heads by layer and head
   * @param mlps by layer
   */
  public record ToLogits(SweepResult heads, SweepResult mlps) {}

  /**
   * Where heads look.
   *
   * @param heads those that are looked at closely
   * @param patterns by prompt, from 0, the [dest][src] of each
   * @param scores attention from END to the key positions; none where there are no positions
   */
  public record Attention(
      List<Head> heads,
      Map<Integer, Map<Head, double[][]>> patterns,
      Optional<AttentionScores> scores) {
    /** Copies the collections, order kept. */
    public Attention {
      heads = List.copyOf(heads);
      patterns = Collections.unmodifiableMap(new LinkedHashMap<>(patterns));
    }
  }

  /**
   * What is lost without some heads.
   *
   * @param heads whose z at END becomes 0
   * @param logitDifference all together, then each alone
   * @param accuracy the same for whether the likeliest token is the answer
   * @param backup what every head adds directly before and after
   */
  public record KnockOut(
      List<Head> heads, SweepResult logitDifference, SweepResult accuracy, BackupHeads backup) {
    /** Copies the list. */
    public KnockOut {
      heads = List.copyOf(heads);
    }
  }

  /** Returns the heads that write the answer, the one that writes most first. */
  public List<Writer> writers() {
    return Writer.of(toLogits.heads());
  }

  /**
   * Returns what patching a stream position by position did: axes layer, position.
   *
   * @throws IllegalArgumentException if that was not patched
   */
  public SweepResult stream(PatchSite site) {
    return of(streams, site);
  }

  /**
   * Returns what patching a part of every head at all positions did: axes layer, head.
   *
   * @throws IllegalArgumentException if that was not patched
   */
  public SweepResult site(PatchSite site) {
    return of(sites, site);
  }

  private static SweepResult of(Map<PatchSite, SweepResult> sweeps, PatchSite site) {
    var result = sweeps.get(site);
    if (result == null) {
      throw new IllegalArgumentException("site " + site + ": patched were " + sweeps.keySet());
    }
    return result;
  }

  /** Returns it for other programs. */
  public Map<String, @Nullable Object> json() {
    return BehaviourJson.of(this);
  }

  /** Returns it as tables. */
  public List<StudyTable> tables() {
    return BehaviourTables.of(this);
  }
}
