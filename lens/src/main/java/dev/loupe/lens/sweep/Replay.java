package dev.loupe.lens.sweep;

import dev.loupe.lens.sweep.Entrance.Arrival;
import dev.loupe.model.BlockMath;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.ModelConfig;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;

/**
 * Runs the cells of a chunk from where they leave the base run, for the positions from one on.
 * Cells of several layers go through the model together: each joins the batch where it begins.
 */
final class Replay {
  private final HookedTransformer model;
  private final ModelConfig config;
  private final BlockMath math;
  private final BaseState state;
  private final int prompts;
  private final int from;
  private final int length;
  private final boolean readsAll;
  private final List<PlannedCell> joined = new ArrayList<>();

  /** Prepares a chunk whose cells change nothing before position {@code from}. */
  Replay(HookedTransformer model, BaseState state, int from) {
    this.model = model;
    this.state = state;
    this.from = from;
    config = model.config();
    math = model.math();
    prompts = state.block().size();
    length = state.block().length();
    readsAll = state.reader().readsAll();
  }

  /**
   * Returns the metric of every cell and prompt.
   *
   * @param cells cells that change something, none of them a whole run
   */
  double[][] compute(List<PlannedCell> cells, Cancellation cancellation) {
    try (var _ = TensorScope.open()) {
      Optional<Tensor> batch = Optional.empty();
      for (int layer = 0; layer < config.nLayers(); layer++) {
        cancellation.check();
        try (var block = TensorScope.open()) {
          var after = block(layer, batch, cells);
          var old = batch;
          batch = after.map(block::keep);
          old.ifPresent(Tensor::free);
        }
      }
      // The last block left the last position only, where the metric reads no other.
      var logits = state.reader().logits(batch.orElseThrow());
      var read = readsAll ? logits : logits.squeeze(2);
      double[][] metric = state.reader().read(read, from, state.baseLogits());
      var byCell = new HashMap<Integer, double[]>();
      for (int i = 0; i < cells.size(); i++) {
        byCell.put(joined.get(i).cell(), metric[i]);
      }
      return cells.stream().map(cell -> byCell.get(cell.cell())).toArray(double[][]::new);
    }
  }

  /**
   * Returns the residual stream after a block, [cell, prompt, pos, d_model], if a cell is there.
   */
  private Optional<Tensor> block(int layer, Optional<Tensor> before, List<PlannedCell> cells) {
    var arriving = cells.stream().filter(c -> c.layer() == layer).toList();
    var parts = new ArrayList<Tensor>();
    before.ifPresent(parts::add);
    for (var cell : arriving) {
      if (cell.entry() == Entry.BLOCK) {
        parts.add(start(cell).unsqueeze(0));
        joined.add(cell);
      }
    }
    var late =
        arriving.stream()
            .filter(c -> c.entry() != Entry.BLOCK)
            .map(c -> new Arrival(c, c.rows(state.block(), config, readsAll)))
            .toList();
    var results = new ArrayList<Tensor>();
    var residual = parts.isEmpty() ? Optional.<Tensor>empty() : Optional.of(Tensors.cat(0, parts));
    var mids = new ArrayList<Tensor>();
    var toMlp = late.stream().filter(a -> a.cell().entry() == Entry.MLP).toList();
    if (!toMlp.isEmpty()) {
      var added = new Entrance(model, state, layer).added(toMlp);
      for (int i = 0; i < added.size(); i++) {
        mids.add(base(HookPoint.residMid(layer), toMlp.get(i).rows()).add(added.get(i)));
      }
    }
    var outputs = blockBody(layer, residual, mids, results);
    for (int i = 0; i < toMlp.size(); i++) {
      results.add(whole(layer, toMlp.get(i).rows(), outputs.get(i)));
      joined.add(toMlp.get(i).cell());
    }
    var afterwards = late.stream().filter(a -> a.cell().entry() == Entry.AFTER).toList();
    if (!afterwards.isEmpty()) {
      var added = new Entrance(model, state, layer).added(afterwards);
      for (int i = 0; i < added.size(); i++) {
        var rows = afterwards.get(i).rows();
        var post = base(HookPoint.residPost(layer), rows).add(added.get(i));
        results.add(whole(layer, rows, post));
        joined.add(afterwards.get(i).cell());
      }
    }
    return results.isEmpty() ? Optional.empty() : Optional.of(Tensors.cat(0, results));
  }

  /** Returns the residual stream that a block receives in a cell that begins there. */
  private Tensor start(PlannedCell cell) {
    var rows = new Rows.Suffix(from, length);
    var residual = base(HookPoint.residPre(cell.layer()), rows);
    for (var kind : List.of(Kind.EMBED, Kind.POS_EMBED)) {
      var edits = cell.edits().stream().filter(e -> e.point().kind() == kind).toList();
      if (!edits.isEmpty()) {
        // What the edits make of an embedding beyond the base run's is added to the stream.
        var before = base(HookPoint.of(kind), rows);
        var after = before;
        for (var edit : edits) {
          after = edit.applied(after, rows, state);
        }
        residual = residual.add(after.sub(before));
      }
    }
    return residual;
  }

  private Tensor base(HookPoint point, Rows rows) {
    return rows.of(state.base(point), state.start());
  }

  /**
   * Computes the rest of a block for whole rows and for those that have only the MLP before them.
   */
  private List<Tensor> blockBody(
      int layer, Optional<Tensor> residual, List<Tensor> mids, List<Tensor> results) {
    if (residual.isEmpty()) {
      return mids.isEmpty() ? List.of() : mlp(layer, mids);
    }
    boolean lastOnly = !readsAll && layer == config.nLayers() - 1;
    var taps =
        new CellTaps(
            state,
            layer,
            joined,
            lastOnly ? Rows.last(prompts, length) : new Rows.Suffix(from, length));
    var pre =
        new CellTaps(state, layer, joined, new Rows.Suffix(from, length))
            .fire(Kind.RESID_PRE, residual.get());
    var attention = new SuffixAttention(model, state, layer, from, lastOnly);
    var attnOut = taps.fire(Kind.ATTN_OUT, attention.of(pre, joined));
    var kept = lastOnly ? pre.narrow(2, pre.size(2) - 1, 1) : pre;
    if (config.parallelBlocks()) {
      var post = kept.add(attnOut).add(tappedMlp(layer, kept, taps));
      results.add(taps.fire(Kind.RESID_POST, post));
      return List.of();
    }
    var mid = taps.fire(Kind.RESID_MID, kept.add(attnOut));
    if (taps.touchMlp()) {
      results.add(taps.fire(Kind.RESID_POST, mid.add(tappedMlp(layer, mid, taps))));
      return mids.isEmpty() ? List.of() : mlp(layer, mids);
    }
    // One product for all: those that come and those that are there.
    var all = new ArrayList<Tensor>();
    all.add(mid);
    all.addAll(mids);
    var outputs = mlp(layer, all);
    results.add(taps.fire(Kind.RESID_POST, outputs.getFirst()));
    return outputs.subList(1, outputs.size());
  }

  /** Returns each of some residual streams plus what the MLP adds of it. */
  private List<Tensor> mlp(int layer, List<Tensor> mids) {
    var flat = Tensors.cat(0, mids.stream().map(m -> m.reshape(-1, config.dModel())).toList());
    var sum = flat.add(math.mlp(layer, flat));
    var outputs = new ArrayList<Tensor>();
    long at = 0;
    for (var mid : mids) {
      long rows = mid.numel() / config.dModel();
      outputs.add(sum.narrow(0, at, rows).reshape(mid.shape()));
      at += rows;
    }
    return outputs;
  }

  private Tensor tappedMlp(int layer, Tensor residual, CellTaps taps) {
    var normalized =
        taps.touches(Kind.LN2_SCALE) || taps.touches(Kind.LN2_NORMALIZED)
            ? taps.fire(
                Kind.LN2_NORMALIZED,
                math.normalized(residual, taps.fire(Kind.LN2_SCALE, math.scale(residual))))
            : math.normalized(residual);
    var x = math.mlpInput(layer, normalized);
    var active = config.activation().apply(taps.fire(Kind.MLP_PRE, math.neuronsBefore(layer, x)));
    if (config.gatedMlp()) {
      active = active.mul(taps.fire(Kind.MLP_PRE_LINEAR, math.linearBranch(layer, x)));
    }
    return taps.fire(Kind.MLP_OUT, math.mlpOutput(layer, taps.fire(Kind.MLP_POST, active)));
  }

  /** Puts rows after a block among those of the base run: [1, prompt, pos, d_model]. */
  private Tensor whole(int layer, Rows rows, Tensor post) {
    boolean lastOnly = !readsAll && layer == config.nLayers() - 1;
    if (lastOnly || rows instanceof Rows.Suffix) {
      return post.unsqueeze(0);
    }
    var suffix = new Rows.Suffix(from, length);
    if (suffix.count() == 1) {
      return post.unsqueeze(0);
    }
    var others = base(HookPoint.residPost(layer), suffix);
    var single = (Rows.Single) rows;
    if (single.isOne()) {
      return others.withNarrow(1, single.columns().getFirst() - from, post).unsqueeze(0);
    }
    var here = new boolean[prompts * suffix.count()];
    for (int prompt = 0; prompt < prompts; prompt++) {
      here[prompt * suffix.count() + single.columns().get(prompt) - from] = true;
    }
    var mask = Tensors.of(here, prompts, suffix.count(), 1).to(post.device());
    return Tensors.where(mask, post.expand(others.shape()), others).unsqueeze(0);
  }
}
