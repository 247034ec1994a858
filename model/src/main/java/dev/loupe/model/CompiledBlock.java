package dev.loupe.model;

import dev.loupe.tensor.Tensor;

/**
 * The matrices of a block as the forward pass multiplies by them: two-dimensional, heads joined.
 */
record CompiledBlock(
    BlockWeights weights,
    Tensor wQ,
    Tensor bQ,
    Tensor wK,
    Tensor bK,
    Tensor wV,
    Tensor bV,
    Tensor wO) {

  static CompiledBlock of(BlockWeights w) {
    return new CompiledBlock(
        w,
        joined(w.wQ()),
        w.bQ().reshape(-1),
        joined(w.wK()),
        w.bK().reshape(-1),
        joined(w.wV()),
        w.bV().reshape(-1),
        w.wO().reshape(-1, w.wO().size(-1)));
  }

  // [head, d_model, d_head] to [d_model, head * d_head]: no copy where the file had it so.
  private static Tensor joined(Tensor w) {
    return w.permute(1, 0, 2).reshape(w.size(1), -1);
  }
}
