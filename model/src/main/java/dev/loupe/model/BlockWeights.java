package dev.loupe.model;

import dev.loupe.tensor.Tensor;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * The parameters of one block, in TransformerLens' names and shapes.
 *
 * @param ln1 the norm before attention
 * @param wQ W_Q [head, d_model, d_head]
 * @param bQ b_Q [head, d_head]
 * @param wK W_K [kv_head, d_model, d_head]
 * @param bK b_K [kv_head, d_head]
 * @param wV W_V [kv_head, d_model, d_head]
 * @param bV b_V [kv_head, d_head]
 * @param wO W_O [head, d_head, d_model]
 * @param bO b_O [d_model]
 * @param ln2 the norm before the MLP
 * @param wIn W_in [d_model, d_mlp], the linear branch of a gated MLP
 * @param bIn b_in [d_mlp]
 * @param wGate W_gate [d_model, d_mlp], of a gated MLP
 * @param bGate b_gate [d_mlp], of a gated MLP
 * @param wOut W_out [d_mlp, d_model]
 * @param bOut b_out [d_model]
 */
public record BlockWeights(
    NormWeights ln1,
    Tensor wQ,
    Tensor bQ,
    Tensor wK,
    Tensor bK,
    Tensor wV,
    Tensor bV,
    Tensor wO,
    Tensor bO,
    NormWeights ln2,
    Tensor wIn,
    Tensor bIn,
    Optional<Tensor> wGate,
    Optional<Tensor> bGate,
    Tensor wOut,
    Tensor bOut) {

  /**
   * The weight and bias of a norm, each absent where it was folded away or never was.
   *
   * @param weight w [d_model]
   * @param bias b [d_model]
   */
  public record NormWeights(Optional<Tensor> weight, Optional<Tensor> bias) {
    /** Returns a norm without parameters. */
    public static NormWeights none() {
      return new NormWeights(Optional.empty(), Optional.empty());
    }

    /** Returns a norm with weight and bias. */
    public static NormWeights of(Tensor weight, Tensor bias) {
      return new NormWeights(Optional.of(weight), Optional.of(bias));
    }

    NormWeights map(UnaryOperator<Tensor> change) {
      return new NormWeights(weight.map(change), bias.map(change));
    }
  }

  BlockWeights map(UnaryOperator<Tensor> change) {
    return new BlockWeights(
        ln1.map(change),
        change.apply(wQ),
        change.apply(bQ),
        change.apply(wK),
        change.apply(bK),
        change.apply(wV),
        change.apply(bV),
        change.apply(wO),
        change.apply(bO),
        ln2.map(change),
        change.apply(wIn),
        change.apply(bIn),
        wGate.map(change),
        bGate.map(change),
        change.apply(wOut),
        change.apply(bOut));
  }
}
