package dev.loupe.model;

import dev.loupe.model.BlockWeights.NormWeights;
import dev.loupe.tensor.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * All parameters of a model, in TransformerLens' names and shapes. Never changed in place: a change
 * makes new weights, and both live side by side.
 *
 * @param wE W_E [d_vocab, d_model]
 * @param wPos W_pos [n_ctx, d_model], of models with learned positions
 * @param blocks one for each layer
 * @param lnFinal the norm before the unembedding
 * @param wU W_U [d_model, d_vocab]
 * @param bU b_U [d_vocab]
 */
public record Weights(
    Tensor wE,
    Optional<Tensor> wPos,
    List<BlockWeights> blocks,
    NormWeights lnFinal,
    Tensor wU,
    Tensor bU) {
  /** Copies the list. */
  public Weights {
    blocks = List.copyOf(blocks);
  }

  /** Returns weights in which every tensor is {@code change} of the old one. */
  public Weights map(UnaryOperator<Tensor> change) {
    return new Weights(
        change.apply(wE),
        wPos.map(change),
        blocks.stream().map(block -> block.map(change)).toList(),
        lnFinal.map(change),
        change.apply(wU),
        change.apply(bU));
  }

  /** Returns every tensor under TransformerLens' name for it: {@code blocks.0.attn.W_Q}. */
  public Map<String, Tensor> named() {
    var names = new LinkedHashMap<String, Tensor>();
    names.put("embed.W_E", wE);
    wPos.ifPresent(w -> names.put("pos_embed.W_pos", w));
    for (int layer = 0; layer < blocks.size(); layer++) {
      var block = blocks.get(layer);
      String prefix = "blocks." + layer + ".";
      putNorm(names, prefix + "ln1", block.ln1());
      names.put(prefix + "attn.W_Q", block.wQ());
      names.put(prefix + "attn.b_Q", block.bQ());
      names.put(prefix + "attn.W_K", block.wK());
      names.put(prefix + "attn.b_K", block.bK());
      names.put(prefix + "attn.W_V", block.wV());
      names.put(prefix + "attn.b_V", block.bV());
      names.put(prefix + "attn.W_O", block.wO());
      names.put(prefix + "attn.b_O", block.bO());
      putNorm(names, prefix + "ln2", block.ln2());
      names.put(prefix + "mlp.W_in", block.wIn());
      names.put(prefix + "mlp.b_in", block.bIn());
      block.wGate().ifPresent(w -> names.put(prefix + "mlp.W_gate", w));
      block.bGate().ifPresent(b -> names.put(prefix + "mlp.b_gate", b));
      names.put(prefix + "mlp.W_out", block.wOut());
      names.put(prefix + "mlp.b_out", block.bOut());
    }
    putNorm(names, "ln_final", lnFinal);
    names.put("unembed.W_U", wU);
    names.put("unembed.b_U", bU);
    return names;
  }

  /** Refuses parameters that are not those of a model of this config. */
  void requireFor(ModelConfig config) {
    if (blocks.size() != config.nLayers()) {
      throw new IllegalArgumentException(
          blocks.size() + " blocks of weights: expected " + config.nLayers());
    }
    boolean gated = blocks.stream().allMatch(b -> b.wGate().isPresent() && b.bGate().isPresent());
    boolean plain = blocks.stream().allMatch(b -> b.wGate().isEmpty() && b.bGate().isEmpty());
    if (config.gatedMlp() ? !gated : !plain) {
      throw new IllegalArgumentException(
          "W_gate and b_gate: expected "
              + (config.gatedMlp() ? "in every block of a gated" : "in no block of a plain")
              + " MLP");
    }
    if (wPos.isPresent() == config.isRotary()) {
      throw new IllegalArgumentException(
          "W_pos: expected " + (config.isRotary() ? "none in a rotary model" : "one"));
    }
    named()
        .forEach((name, tensor) -> {
          long[] expected = shape(name.substring(name.lastIndexOf('.') + 1), config);
          if (!Arrays.equals(tensor.shape(), expected)
              || tensor.dtype() != wE.dtype()
              || !tensor.dtype().isFloating()) {
            throw new IllegalArgumentException(
                name
                    + " is "
                    + tensor.describe()
                    + ": expected "
                    + Arrays.toString(expected)
                    + " of one floating-point type");
          }
        });
  }

  private static long[] shape(String name, ModelConfig c) {
    long heads = c.nHeads();
    long groups = c.nKeyValueHeads();
    long dModel = c.dModel();
    long dHead = c.dHead();
    return switch (name) {
      case "W_E" -> new long[] {c.dVocab(), dModel};
      case "W_pos" -> new long[] {c.nCtx(), dModel};
      case "W_U" -> new long[] {dModel, c.dVocab()};
      case "b_U" -> new long[] {c.dVocab()};
      case "W_Q" -> new long[] {heads, dModel, dHead};
      case "b_Q" -> new long[] {heads, dHead};
      case "W_K", "W_V" -> new long[] {groups, dModel, dHead};
      case "b_K", "b_V" -> new long[] {groups, dHead};
      case "W_O" -> new long[] {heads, dHead, dModel};
      case "W_in", "W_gate" -> new long[] {dModel, c.dMlp()};
      case "b_in", "b_gate" -> new long[] {c.dMlp()};
      case "W_out" -> new long[] {c.dMlp(), dModel};
      default -> new long[] {dModel};
    };
  }

  private static void putNorm(Map<String, Tensor> names, String name, NormWeights norm) {
    norm.weight().ifPresent(w -> names.put(name + ".w", w));
    norm.bias().ifPresent(b -> names.put(name + ".b", b));
  }
}
