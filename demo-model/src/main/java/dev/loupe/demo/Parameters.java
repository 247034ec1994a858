package dev.loupe.demo;

import dev.loupe.model.BlockWeights;
import dev.loupe.model.BlockWeights.NormWeights;
import dev.loupe.model.ModelConfig;
import dev.loupe.model.Weights;
import dev.loupe.tensor.DType;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;

/**
 * What is trained, by TransformerLens' names and in its shapes. The unembedding is the embedding's
 * transpose and so no parameter of its own.
 */
record Parameters(ModelConfig config, Map<String, Tensor> byName) {
  Parameters {
    byName = Collections.unmodifiableMap(new LinkedHashMap<>(byName));
  }

  /**
   * Draws the first weights as GPT-2 does, each block's two writing matrices smaller with depth.
   */
  static Parameters draw(ModelConfig config, double deviation, SplittableRandom random) {
    int d = config.dModel();
    double writing = deviation / Math.sqrt(2.0 * config.nLayers());
    var p = new LinkedHashMap<String, Tensor>();
    p.put("embed.W_E", normal(random, deviation, config.dVocab(), d));
    p.put("pos_embed.W_pos", normal(random, deviation, config.nCtx(), d));
    for (int layer = 0; layer < config.nLayers(); layer++) {
      String block = "blocks." + layer + ".";
      putNorm(p, block + "ln1", d);
      // One draw for all three, as GPT-2 stores them.
      var qkv = normal(random, deviation, d, 3L * d);
      for (int i = 0; i < 3; i++) {
        char part = "QKV".charAt(i);
        p.put(block + "attn.W_" + part, heads(qkv.narrow(1, (long) i * d, d), config));
        p.put(block + "attn.b_" + part, zeros(config.nHeads(), config.dHead()));
      }
      p.put(
          block + "attn.W_O",
          normal(random, writing, d, d).reshape(config.nHeads(), config.dHead(), d));
      p.put(block + "attn.b_O", zeros(d));
      putNorm(p, block + "ln2", d);
      p.put(block + "mlp.W_in", normal(random, deviation, d, config.dMlp()));
      p.put(block + "mlp.b_in", zeros(config.dMlp()));
      p.put(block + "mlp.W_out", normal(random, writing, config.dMlp(), d));
      p.put(block + "mlp.b_out", zeros(d));
    }
    putNorm(p, "ln_final", d);
    return new Parameters(config, p);
  }

  /** Returns parameters in which every tensor is {@code change} of the old one. */
  Parameters map(UnaryOperator<Tensor> change) {
    var changed = new LinkedHashMap<String, Tensor>();
    byName.forEach((name, tensor) -> changed.put(name, change.apply(tensor)));
    return new Parameters(config, changed);
  }

  /** Tells whether a parameter is a matrix, which weight decay acts on, and no bias or norm. */
  static boolean isMatrix(String name) {
    return name.substring(name.lastIndexOf('.') + 1).startsWith("W_");
  }

  /** Returns the weights of a model; gradients of what it computes flow back to these. */
  Weights weights() {
    var blocks = new ArrayList<BlockWeights>();
    for (int layer = 0; layer < config.nLayers(); layer++) {
      blocks.add(block("blocks." + layer + "."));
    }
    return new Weights(
        get("embed.W_E"),
        Optional.of(get("pos_embed.W_pos")),
        blocks,
        norm("ln_final"),
        get("embed.W_E").transpose(0, 1),
        zeros(config.dVocab()));
  }

  private BlockWeights block(String name) {
    return new BlockWeights(
        norm(name + "ln1"),
        get(name + "attn.W_Q"),
        get(name + "attn.b_Q"),
        get(name + "attn.W_K"),
        get(name + "attn.b_K"),
        get(name + "attn.W_V"),
        get(name + "attn.b_V"),
        get(name + "attn.W_O"),
        get(name + "attn.b_O"),
        norm(name + "ln2"),
        get(name + "mlp.W_in"),
        get(name + "mlp.b_in"),
        Optional.empty(),
        Optional.empty(),
        get(name + "mlp.W_out"),
        get(name + "mlp.b_out"));
  }

  private NormWeights norm(String name) {
    return NormWeights.of(get(name + ".w"), get(name + ".b"));
  }

  private Tensor get(String name) {
    var tensor = byName.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException("no parameter " + name + "; there are " + byName.keySet());
    }
    return tensor;
  }

  private static void putNorm(Map<String, Tensor> parameters, String name, int width) {
    parameters.put(name + ".w", Tensors.full(1, DType.F32, width));
    parameters.put(name + ".b", zeros(width));
  }

  // [d_model, head * d_head] to [head, d_model, d_head]
  private static Tensor heads(Tensor joined, ModelConfig config) {
    return joined
        .reshape(config.dModel(), config.nHeads(), config.dHead())
        .permute(1, 0, 2)
        .contiguous();
  }

  static Tensor normal(SplittableRandom random, double deviation, long... shape) {
    return Tensors.randn(random, deviation, DType.F32, shape);
  }

  private static Tensor zeros(long... shape) {
    return Tensors.zeros(DType.F32, shape);
  }
}
