package dev.loupe.lens;

import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Norm;
import dev.loupe.tensor.Tensor;

/**
 * What a vector of the residual stream adds to logits directly: through the final norm, with its
 * scale held at that of the run, and the unembedding. Biases are left out, as they belong to no
 * part.
 */
public final class DirectLogits {
  private final HookedTransformer model;

  /** Prepares a model; it must stay open. */
  public DirectLogits(HookedTransformer model) {
    this.model = model;
  }

  /**
   * Returns what it adds to the logits of some tokens.
   *
   * @param vectors [batch, d_model]
   * @param scale ln_final.hook_scale of each row, [batch, 1]
   * @param tokens the tokens
   * @return [batch, token]
   */
  public Tensor of(Tensor vectors, Tensor scale, long... tokens) {
    var centered =
        model.config().norm() == Norm.LAYER_NORM ? vectors.sub(vectors.meanLast()) : vectors;
    var scaled = centered.div(scale);
    var weight = model.weights().lnFinal().weight();
    var read = weight.isPresent() ? scaled.mul(weight.get()) : scaled;
    return read.matmul(model.math().unembedding(tokens));
  }
}
