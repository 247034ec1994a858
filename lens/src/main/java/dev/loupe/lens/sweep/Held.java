package dev.loupe.lens.sweep;

import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;

/** Tensors that several threads read, held until it is closed, whatever scopes are open. */
final class Held implements AutoCloseable {
  private final List<Tensor> tensors = new ArrayList<>();

  /** Returns a handle on a tensor that outlives all scopes. */
  Tensor hold(Tensor tensor) {
    var held = TensorScope.unscoped(tensor);
    tensors.add(held);
    return held;
  }

  @Override
  public void close() {
    tensors.forEach(Tensor::free);
    tensors.clear();
  }
}
