package dev.loupe.lens.sweep;

import dev.loupe.lens.Change;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.Site;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.ModelConfig;
import java.util.List;

/**
 * A cell of a sweep on a block of prompts: what it changes, and from where on that matters.
 *
 * @param cell its number
 * @param edits what it changes, in order
 * @param entry where its run leaves the base run
 * @param layer the block of that
 * @param from the first position that can change
 */
record PlannedCell(int cell, List<Edit> edits, Entry entry, int layer, int from) {

  /** Plans a cell; {@code readsAll} where the metric reads every position, not only the last. */
  static PlannedCell of(
      int cell,
      List<Intervention> interventions,
      PromptBlock block,
      ModelConfig config,
      boolean readsAll) {
    if (interventions.stream().anyMatch(PlannedCell::needsWholeRun)) {
      return new PlannedCell(cell, List.of(), Entry.WHOLE, 0, 0);
    }
    var edits =
        interventions.stream()
            .map(i -> interventions.size() == 1 ? Edit.alone(i, block) : Edit.among(i, block))
            .filter(e -> !e.extent().isNothing())
            .toList();
    int from = edits.stream().mapToInt(e -> e.extent().first()).min().orElse(0);
    int layer = edits.stream().mapToInt(e -> Math.max(0, e.point().layer())).min().orElse(0);
    return new PlannedCell(cell, edits, entry(edits, layer, config, readsAll), layer, from);
  }

  private static Entry entry(List<Edit> edits, int layer, ModelConfig config, boolean readsAll) {
    // Freezing alone changes nothing.
    if (edits.stream().allMatch(e -> e.change() instanceof Change.Freeze)) {
      return Entry.NOTHING;
    }
    if (edits.size() > 1) {
      return Entry.BLOCK;
    }
    var edit = edits.getFirst();
    boolean unread =
        !readsAll
            && layer == config.nLayers() - 1
            && isLocal(edit.point().kind())
            && !edit.extent().reachesLast();
    if (unread) {
      return Entry.NOTHING;
    }
    return switch (edit.point().kind()) {
      case Q, K, V, ROT_Q, ROT_K, ATTN_SCORES, PATTERN, Z, ATTN_OUT, RESID_MID ->
          config.parallelBlocks() ? Entry.AFTER : Entry.MLP;
      case MLP_PRE, MLP_PRE_LINEAR, MLP_POST, MLP_OUT, RESID_POST -> Entry.AFTER;
      default -> Entry.BLOCK;
    };
  }

  /** Tells whether a change at a position changes only that position within its block. */
  static boolean isLocal(Kind kind) {
    return switch (kind) {
      case Q,
          ROT_Q,
          ATTN_SCORES,
          PATTERN,
          Z,
          ATTN_OUT,
          RESID_MID,
          LN2_SCALE,
          LN2_NORMALIZED,
          MLP_PRE,
          MLP_PRE_LINEAR,
          MLP_POST,
          MLP_OUT,
          RESID_POST ->
          true;
      default -> false;
    };
  }

  private static boolean needsWholeRun(Intervention intervention) {
    var kind = intervention.site().point().kind();
    boolean outside =
        kind.onDemand() || kind == Kind.LN_FINAL_SCALE || kind == Kind.LN_FINAL_NORMALIZED;
    boolean meanOfPatterns = intervention.change() instanceof Change.Mean && Site.isAttention(kind);
    return outside || meanOfPatterns || intervention.change() instanceof Change.Custom;
  }

  /** Returns the positions whose part of the block it enters is computed for it. */
  Rows rows(PromptBlock block, ModelConfig config, boolean readsAll) {
    if (!readsAll && layer == config.nLayers() - 1) {
      return Rows.last(block.size(), block.length());
    }
    var single =
        isLocal(edits.getFirst().point().kind())
            ? edits.getFirst().extent().single()
            : List.<Integer>of();
    return single.isEmpty() ? new Rows.Suffix(from, block.length()) : new Rows.Single(single);
  }

  /** Notes what the cell reads of the runs that are not intervened in. */
  void note(Needs needs, ModelConfig config) {
    if (entry == Entry.NOTHING || entry == Entry.WHOLE) {
      return;
    }
    needs.from(from);
    for (var edit : edits) {
      Source.of(edit.change()).ifPresent(source -> needs.source(source, edit.point()));
      if (entry != Entry.BLOCK || edit.change() instanceof Change.Freeze) {
        needs.base(edit.point());
      }
      if (edit.point().layer() < 0) {
        needs.base(edit.point());
      }
    }
    switch (entry) {
      case BLOCK -> needs.base(HookPoint.residPre(layer));
      case MLP -> {
        needs.base(HookPoint.residMid(layer));
        needs.base(HookPoint.residPost(layer));
        noteAttention(needs, config);
      }
      case AFTER -> {
        needs.base(HookPoint.residPost(layer));
        noteAttention(needs, config);
        noteNeurons(needs, config);
      }
      default -> {}
    }
  }

  private void noteAttention(Needs needs, ModelConfig config) {
    switch (edits.getFirst().point().kind()) {
      case Q, V, ROT_Q, ATTN_SCORES -> needs.base(HookPoint.pattern(layer));
      case K, ROT_K -> {
        needs.base(HookPoint.pattern(layer));
        needs.base(new HookPoint(config.isRotary() ? Kind.ROT_Q : Kind.Q, layer));
      }
      default -> {}
    }
  }

  private void noteNeurons(Needs needs, ModelConfig config) {
    var kind = edits.getFirst().point().kind();
    if (kind == Kind.MLP_PRE || kind == Kind.MLP_PRE_LINEAR) {
      needs.base(HookPoint.mlpPost(layer));
      needs.base(new HookPoint(Kind.MLP_PRE, layer));
      if (config.gatedMlp()) {
        needs.base(new HookPoint(Kind.MLP_PRE_LINEAR, layer));
      }
    }
  }
}
