package dev.loupe.model;

import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.util.List;

/**
 * The matrices of a block as the forward pass multiplies by them: two-dimensional, heads joined. In
 * no scope, to be freed with the model.
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
        flat(w.bQ()),
        joined(w.wK()),
        flat(w.bK()),
        joined(w.wV()),
        flat(w.bV()),
        TensorScope.unscoped(w.wO().reshape(-1, w.wO().size(-1))));
  }

  void free() {
    List.of(wQ, bQ, wK, bK, wV, bV, wO).forEach(Tensor::free);
  }

  // [head, d_model, d_head] to [d_model, head * d_head]: no copy where the file had it so.
  private static Tensor joined(Tensor w) {
    return TensorScope.unscoped(w.permute(1, 0, 2).reshape(w.size(1), -1));
  }

  private static Tensor flat(Tensor b) {
    return TensorScope.unscoped(b.reshape(-1));
  }
}
