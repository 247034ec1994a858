package dev.loupe.lens.sweep;

import dev.loupe.model.BlockMath;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.ModelConfig;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.Tensors;
import java.util.List;

/**
 * Attention of the last positions of many cells: to the keys and values of the base run before
 * them, which all cells share, and to their own.
 */
final class SuffixAttention {
  private final ModelConfig config;
  private final BlockMath math;
  private final BaseState state;
  private final int layer;
  private final int from;
  private final int length;
  private final boolean lastOnly;

  /**
   * Prepares a block.
   *
   * @param from the first position of the cells
   * @param lastOnly whether only the last position attends, as nothing else is read
   */
  SuffixAttention(HookedTransformer model, BaseState state, int layer, int from, boolean lastOnly) {
    config = model.config();
    math = model.math();
    this.state = state;
    this.layer = layer;
    this.from = from;
    this.lastOnly = lastOnly;
    length = state.block().length();
  }

  /**
   * Returns what attention adds, [cell, prompt, pos, d_model], of the residual stream before it.
   */
  Tensor of(Tensor residual, List<PlannedCell> cells) {
    var suffix = new Rows.Suffix(from, length);
    var all = new CellTaps(state, layer, cells, suffix);
    var attending =
        lastOnly ? new CellTaps(state, layer, cells, Rows.last(state.block().size(), length)) : all;
    var normalized =
        all.touches(Kind.LN1_SCALE) || all.touches(Kind.LN1_NORMALIZED)
            ? all.fire(
                Kind.LN1_NORMALIZED,
                math.normalized(residual, all.fire(Kind.LN1_SCALE, math.scale(residual))))
            : math.normalized(residual);
    var x = math.attentionInput(layer, normalized);
    int rows = suffix.count();
    var reading = lastOnly ? x.narrow(2, rows - 1, 1) : x;
    int first = lastOnly ? length - 1 : from;
    var q =
        attending.fire(
            Kind.ROT_Q, rotated(attending.fire(Kind.Q, math.queries(layer, reading)), first));
    var k = all.fire(Kind.ROT_K, rotated(all.fire(Kind.K, math.keys(layer, x)), from));
    var v = all.fire(Kind.V, math.values(layer, x));
    boolean touched = attending.touches(Kind.ATTN_SCORES);
    var scores = attending.fire(Kind.ATTN_SCORES, scores(q, k, first));
    var pattern = touched ? BlockMath.pattern(scores) : scores.softmax(-1);
    var z = mixed(attending.fire(Kind.PATTERN, pattern), v);
    return math.attentionOutput(layer, attending.fire(Kind.Z, z));
  }

  private Tensor rotated(Tensor x, int first) {
    if (!config.isRotary()) {
      return x;
    }
    var shape = x.shape();
    return math.rotated(x.reshape(-1, shape[2], shape[3], shape[4]), first, length).reshape(shape);
  }

  // ---- Shapes: c cells, b prompts, s positions, g key and value heads, q query heads of each

  private long groups() {
    return config.nKeyValueHeads();
  }

  private long perGroup() {
    return config.nHeads() / config.nKeyValueHeads();
  }

  /** Returns attention scores, [cell, prompt, head, dest, src], of every source. */
  private Tensor scores(Tensor q, Tensor k, int first) {
    long cells = q.size(0);
    long prompts = q.size(1);
    long dest = q.size(2);
    long own = k.size(2);
    var scaled =
        q.div(config.attentionScale(layer))
            .reshape(cells, prompts, dest, groups(), perGroup(), config.dHead());
    // [c, b, g, q * dest, d_head] x [c, b, g, d_head, own]
    var toOwn =
        dest == 1 && own == 1
            ? scaled.mul(k.unsqueeze(4)).sum(-1).reshape(cells, prompts, config.nHeads(), 1, 1)
            : scaled
                .permute(0, 1, 3, 4, 2, 5)
                .reshape(cells, prompts, groups(), perGroup() * dest, config.dHead())
                .matmul(k.permute(0, 1, 3, 4, 2))
                .reshape(cells, prompts, config.nHeads(), dest, own);
    var scores = from == 0 ? toOwn : Tensors.cat(-1, List.of(toBase(scaled), toOwn));
    if (first == length - 1 && config.windows().get(layer) == 0) {
      return scores;
    }
    var mask = SuffixMask.of(first, length, config.windows().get(layer), q.device());
    return scores.maskedFill(mask, Double.NEGATIVE_INFINITY);
  }

  /** Returns scores to the base run's keys: one product for all cells of a prompt. */
  private Tensor toBase(Tensor q) {
    long cells = q.size(0);
    long prompts = q.size(1);
    long dest = q.size(2);
    var keys = state.keys(layer).narrow(3, 0, from);
    return q.permute(1, 3, 4, 0, 2, 5)
        .reshape(prompts, groups(), perGroup() * cells * dest, config.dHead())
        .matmul(keys)
        .reshape(prompts, groups(), perGroup(), cells, dest, from)
        .permute(3, 0, 1, 2, 4, 5)
        .reshape(cells, prompts, config.nHeads(), dest, from);
  }

  /** Returns the values mixed by a pattern, [cell, prompt, dest, head, d_head]. */
  private Tensor mixed(Tensor pattern, Tensor v) {
    long cells = pattern.size(0);
    long prompts = pattern.size(1);
    long dest = pattern.size(3);
    long own = v.size(2);
    var grouped = pattern.reshape(cells, prompts, groups(), perGroup(), dest, length);
    var toOwn = grouped.narrow(5, from, own);
    // [c, b, dest, g, q, d_head]
    var z =
        own == 1
            ? toOwn.permute(0, 1, 4, 2, 3, 5).mul(v.unsqueeze(4))
            : toOwn
                .reshape(cells, prompts, groups(), perGroup() * dest, own)
                .matmul(v.permute(0, 1, 3, 2, 4))
                .reshape(cells, prompts, groups(), perGroup(), dest, config.dHead())
                .permute(0, 1, 4, 2, 3, 5);
    if (from > 0) {
      var values = state.values(layer).narrow(2, 0, from);
      var mixed =
          grouped
              .narrow(5, 0, from)
              .permute(1, 2, 3, 0, 4, 5)
              .reshape(prompts, groups(), perGroup() * cells * dest, from)
              .matmul(values)
              .reshape(prompts, groups(), perGroup(), cells, dest, config.dHead())
              .permute(3, 0, 4, 1, 2, 5);
      z = z.add(mixed);
    }
    return z.reshape(cells, prompts, dest, config.nHeads(), config.dHead());
  }
}
