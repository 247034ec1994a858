package dev.loupe.model;

import dev.loupe.tensor.Tensor;
import java.util.Optional;

/**
 * What a run gave. The tensors belong to the scope that was open when it was started.
 *
 * @param result what {@link Run.Returns} names, or the residual stream of a run that stopped early
 * @param cache what was kept
 */
public record RunResult(Optional<Tensor> result, ActivationCache cache) {
  /**
   * Returns the result.
   *
   * @throws IllegalStateException if the run was to return nothing
   */
  public Tensor output() {
    return result.orElseThrow(
        () -> new IllegalStateException("this run was to return NOTHING: it has no output"));
  }
}
