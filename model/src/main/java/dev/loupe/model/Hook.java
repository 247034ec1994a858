package dev.loupe.model;

import dev.loupe.tensor.Tensor;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;

/** What is done at one hook point during one run. */
public sealed interface Hook {
  /** Returns where it is done. */
  HookPoint point();

  /**
   * Looks at an activation. It, and what is computed of it, is freed when the block is done: what
   * is to outlive that is taken out with {@link dev.loupe.tensor.TensorScope#unscoped}.
   *
   * @param point where
   * @param reader takes the activation and the point; must not change the activation in place
   */
  record Read(HookPoint point, BiConsumer<Tensor, HookPoint> reader) implements Hook {}

  /**
   * Puts another value in the place of an activation.
   *
   * @param point where
   * @param change returns the new value, of the same shape and type; must not change the old one in
   *     place
   */
  record Replace(HookPoint point, BiFunction<Tensor, HookPoint, Tensor> change) implements Hook {}
}
