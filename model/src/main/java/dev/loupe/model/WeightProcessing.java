package dev.loupe.model;

import dev.loupe.model.BlockWeights.NormWeights;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Rewrites weights so that they are easier to read, without changing log-probabilities. Each step
 * is TransformerLens' of the same name, applied in this order.
 *
 * @param foldLn fold the norms' weights and biases into the matrices that read them, which, where
 *     the norm centres, are also made blind to the mean ({@code fold_ln})
 * @param centerWritingWeights remove the mean over d_model from what writes to the residual stream,
 *     which a norm that centres cannot see; skipped for RMS norms, which can ({@code
 *     center_writing_weights})
 * @param centerUnembed remove the mean over tokens from the unembedding, which softmax cannot see
 *     ({@code center_unembed})
 * @param foldValueBiases move the value biases into b_O, as every pattern sums to 1 ({@code
 *     fold_value_biases})
 * @param refactorFactoredAttnMatrices make W_Q and W_K of each head an even split of their singular
 *     values, and the rows of W_O orthonormal ({@code refactor_factored_attn_matrices})
 */
public record WeightProcessing(
    boolean foldLn,
    boolean centerWritingWeights,
    boolean centerUnembed,
    boolean foldValueBiases,
    boolean refactorFactoredAttnMatrices) {

  /** Returns no change at all: weights as stored. */
  public static WeightProcessing none() {
    return new WeightProcessing(false, false, false, false, false);
  }

  /** Returns the usual processing: all but the refactoring of attention matrices. */
  public static WeightProcessing standard() {
    return new WeightProcessing(true, true, true, true, false);
  }

  /** Returns the steps of both. */
  public WeightProcessing and(WeightProcessing other) {
    return new WeightProcessing(
        foldLn || other.foldLn,
        centerWritingWeights || other.centerWritingWeights,
        centerUnembed || other.centerUnembed,
        foldValueBiases || other.foldValueBiases,
        refactorFactoredAttnMatrices || other.refactorFactoredAttnMatrices);
  }

  /**
   * Returns the processed weights; the given ones stay as they are.
   *
   * @throws IllegalArgumentException if a step cannot be done for this kind of model
   */
  public Weights apply(ModelConfig config, Weights weights) {
    if (refactorFactoredAttnMatrices && config.isRotary()) {
      throw new IllegalArgumentException(
          "refactor_factored_attn_matrices: the rotation of a rotary model stands between W_Q and"
              + " W_K, so their product cannot be split anew; leave this option out");
    }
    if (refactorFactoredAttnMatrices && config.isGrouped()) {
      throw new IllegalArgumentException(
          "refactor_factored_attn_matrices: "
              + config.nHeads()
              + " query heads share "
              + config.nKeyValueHeads()
              + " key heads, so no split suits each; leave this option out");
    }
    if (refactorFactoredAttnMatrices && config.dHead() > config.dModel()) {
      throw new IllegalArgumentException(
          "refactor_factored_attn_matrices: heads are "
              + config.dHead()
              + " wide and the residual stream "
              + config.dModel()
              + ", so that a head's matrices have too few singular values; leave this option out");
    }
    var result = weights;
    if (foldLn) {
      result = foldLn(result, config.norm() == Norm.LAYER_NORM);
    }
    if (centerWritingWeights && config.norm() == Norm.LAYER_NORM) {
      result = centerWriting(result);
    }
    if (centerUnembed) {
      result =
          new Weights(
              result.wE(),
              result.wPos(),
              result.blocks(),
              result.lnFinal(),
              // Folding and centring over d_model have made a copy already.
              centered(result.wU(), -1, foldLn && config.norm() == Norm.LAYER_NORM),
              centered(result.bU(), -1));
    }
    if (foldValueBiases) {
      result = mapBlocks(result, block -> foldValueBiases(block, config));
    }
    if (refactorFactoredAttnMatrices) {
      result = mapBlocks(result, block -> refactor(foldValueBiases(block, config)));
    }
    return result;
  }

  /** Returns the steps by their names in the field: {@code fold_ln, center_unembed}, or none. */
  @Override
  public String toString() {
    var steps = new LinkedHashMap<String, Boolean>();
    steps.put("fold_ln", foldLn);
    steps.put("center_writing_weights", centerWritingWeights);
    steps.put("center_unembed", centerUnembed);
    steps.put("fold_value_biases", foldValueBiases);
    steps.put("refactor_factored_attn_matrices", refactorFactoredAttnMatrices);
    steps.values().removeIf(done -> !done);
    return steps.isEmpty() ? "none" : String.join(", ", steps.keySet());
  }

  private static Weights mapBlocks(Weights w, UnaryOperator<BlockWeights> change) {
    return new Weights(
        w.wE(), w.wPos(), w.blocks().stream().map(change).toList(), w.lnFinal(), w.wU(), w.bU());
  }

  /** A matrix that reads the residual stream, [..., d_model, out], with its bias [..., out]. */
  private record Reader(Tensor weight, Tensor bias) {
    Reader fold(NormWeights norm, boolean center) {
      // The bias first: it is read through the weights as they were.
      var b =
          norm.bias()
              .map(n -> TensorScope.tidy(() -> bias.add(n.unsqueeze(0).matmul(weight).squeeze(-2))))
              .orElse(bias);
      var w =
          norm.weight()
              .map(n -> TensorScope.tidy(() -> weight.mul(n.unsqueeze(-1))))
              .orElse(weight);
      boolean fresh = norm.weight().isPresent();
      return new Reader(center ? centered(w, -2, fresh) : w, b);
    }
  }

  private static Weights foldLn(Weights w, boolean center) {
    var folded = mapBlocks(w, block -> foldLn(block, center));
    var unembed = new Reader(w.wU(), w.bU()).fold(w.lnFinal(), center);
    return new Weights(
        folded.wE(),
        folded.wPos(),
        folded.blocks(),
        NormWeights.none(),
        unembed.weight(),
        unembed.bias());
  }

  private static BlockWeights foldLn(BlockWeights b, boolean center) {
    var q = new Reader(b.wQ(), b.bQ()).fold(b.ln1(), center);
    var k = new Reader(b.wK(), b.bK()).fold(b.ln1(), center);
    var v = new Reader(b.wV(), b.bV()).fold(b.ln1(), center);
    var in = new Reader(b.wIn(), b.bIn()).fold(b.ln2(), center);
    Optional<Reader> gate =
        b.wGate().map(w -> new Reader(w, b.bGate().orElseThrow()).fold(b.ln2(), center));
    return new BlockWeights(
        NormWeights.none(),
        q.weight(),
        q.bias(),
        k.weight(),
        k.bias(),
        v.weight(),
        v.bias(),
        b.wO(),
        b.bO(),
        NormWeights.none(),
        in.weight(),
        in.bias(),
        gate.map(Reader::weight),
        gate.map(Reader::bias),
        b.wOut(),
        b.bOut());
  }

  private static Weights centerWriting(Weights w) {
    var blocks =
        w.blocks().stream()
            .map(b ->
                withWriters(
                    b,
                    b.bV(),
                    centered(b.wO(), -1),
                    centered(b.bO(), -1),
                    centered(b.wOut(), -1),
                    centered(b.bOut(), -1)))
            .toList();
    return new Weights(
        centered(w.wE(), -1),
        w.wPos().map(p -> centered(p, -1)),
        blocks,
        w.lnFinal(),
        w.wU(),
        w.bU());
  }

  private static BlockWeights foldValueBiases(BlockWeights b, ModelConfig config) {
    int share = config.nHeads() / config.nKeyValueHeads();
    var bO =
        TensorScope.tidy(() ->
            b.bO().add(b.bV().repeatInterleave(share, 0).unsqueeze(-1).mul(b.wO()).sum(0, 1)));
    return withWriters(b, zerosLike(b.bV()), b.wO(), bO, b.wOut(), b.bOut());
  }

  private static BlockWeights refactor(BlockWeights b) {
    // Query and key with their biases as one more input row, so that the bias is split along.
    var q = Tensors.cat(1, List.of(b.wQ(), b.bQ().unsqueeze(1)));
    var k = Tensors.cat(1, List.of(b.wK(), b.bK().unsqueeze(1)));
    var qk = thinSvd(q, k.transpose(1, 2));
    var root = qk.s().sqrt().unsqueeze(1);
    var evenQ = qk.u().mul(root);
    var evenK = qk.vh().transpose(1, 2).mul(root);
    long dModel = b.wQ().size(1);
    var ov = thinSvd(b.wV(), b.wO());
    return new BlockWeights(
        b.ln1(),
        evenQ.narrow(1, 0, dModel).contiguous(),
        evenQ.select(1, dModel).contiguous(),
        evenK.narrow(1, 0, dModel).contiguous(),
        evenK.select(1, dModel).contiguous(),
        ov.u().mul(ov.s().unsqueeze(1)),
        b.bV(),
        ov.vh(),
        b.bO(),
        b.ln2(),
        b.wIn(),
        b.bIn(),
        b.wGate(),
        b.bGate(),
        b.wOut(),
        b.bOut());
  }

  /** The singular value decomposition of a [.., m, r] x [.., r, n] without forming the product. */
  private static Tensor.Svd thinSvd(Tensor a, Tensor b) {
    var left = a.svd();
    var right = b.svd();
    var middle =
        left.s().unsqueeze(-1).mul(left.vh()).matmul(right.u()).mul(right.s().unsqueeze(-2)).svd();
    return new Tensor.Svd(left.u().matmul(middle.u()), middle.s(), middle.vh().matmul(right.vh()));
  }

  private static BlockWeights withWriters(
      BlockWeights b, Tensor bV, Tensor wO, Tensor bO, Tensor wOut, Tensor bOut) {
    return new BlockWeights(
        b.ln1(), b.wQ(), b.bQ(), b.wK(), b.bK(), b.wV(), bV, wO, bO, b.ln2(), b.wIn(), b.bIn(),
        b.wGate(), b.bGate(), wOut, bOut);
  }

  private static Tensor centered(Tensor x, int dim) {
    return centered(x, dim, false);
  }

  /** Removes the mean over a dimension, in place where nothing else sees {@code x}. */
  private static Tensor centered(Tensor x, int dim, boolean fresh) {
    return TensorScope.tidy(() -> {
      var mean = x.mean(dim).unsqueeze(dim);
      return fresh ? x.addInPlace(mean, -1) : x.sub(mean);
    });
  }

  private static Tensor zerosLike(Tensor x) {
    return Tensors.zeros(x.dtype(), x.shape()).to(x.device());
  }
}
