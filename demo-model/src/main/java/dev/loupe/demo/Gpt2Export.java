package dev.loupe.demo;

import dev.loupe.model.BlockWeights;
import dev.loupe.model.BlockWeights.NormWeights;
import dev.loupe.model.ModelConfig;
import dev.loupe.model.Weights;
import dev.loupe.tensor.SafeTensorsWriter;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Writes weights as Hugging Face keeps a GPT-2: matrices [in, out], queries, keys and values in
 * one, the embedding also the unembedding.
 */
final class Gpt2Export {
  private Gpt2Export() {}

  /**
   * Writes config.json and model.safetensors.
   *
   * @throws IllegalArgumentException if the norms have no weights of their own: the format has no
   *     place for processed weights
   */
  static void write(ModelConfig config, Weights weights, Path folder) throws IOException {
    Files.writeString(folder.resolve("config.json"), config(config));
    try (var _ = TensorScope.open()) {
      SafeTensorsWriter.write(
          folder.resolve("model.safetensors"), tensors(weights), Map.of("format", "pt"));
    }
  }

  private static Map<String, Tensor> tensors(Weights weights) {
    var named = new LinkedHashMap<String, Tensor>();
    named.put("transformer.wte.weight", weights.wE());
    named.put("transformer.wpe.weight", weights.wPos().orElseThrow());
    for (int layer = 0; layer < weights.blocks().size(); layer++) {
      putBlock(named, "transformer.h." + layer + ".", weights.blocks().get(layer));
    }
    putNorm(named, "transformer.ln_f", weights.lnFinal());
    return named;
  }

  private static void putBlock(Map<String, Tensor> named, String name, BlockWeights block) {
    putNorm(named, name + "ln_1", block.ln1());
    named.put(
        name + "attn.c_attn.weight",
        Tensors.cat(1, List.of(joined(block.wQ()), joined(block.wK()), joined(block.wV()))));
    named.put(
        name + "attn.c_attn.bias",
        Tensors.cat(
            0, List.of(block.bQ().reshape(-1), block.bK().reshape(-1), block.bV().reshape(-1))));
    named.put(name + "attn.c_proj.weight", block.wO().reshape(-1, block.wO().size(2)));
    named.put(name + "attn.c_proj.bias", block.bO());
    putNorm(named, name + "ln_2", block.ln2());
    named.put(name + "mlp.c_fc.weight", block.wIn());
    named.put(name + "mlp.c_fc.bias", block.bIn());
    named.put(name + "mlp.c_proj.weight", block.wOut());
    named.put(name + "mlp.c_proj.bias", block.bOut());
  }

  private static void putNorm(Map<String, Tensor> named, String name, NormWeights norm) {
    named.put(name + ".weight", norm.weight().orElseThrow(() -> processed(name)));
    named.put(name + ".bias", norm.bias().orElseThrow(() -> processed(name)));
  }

  private static IllegalArgumentException processed(String name) {
    return new IllegalArgumentException(
        name + " was folded away: expected weights as stored, WeightProcessing.none()");
  }

  // [head, d_model, d_head] to [d_model, head * d_head]
  private static Tensor joined(Tensor w) {
    return w.permute(1, 0, 2).reshape(w.size(1), -1);
  }

  private static String config(ModelConfig c) {
    return String.format(
        Locale.ROOT,
        """
        {
          "architectures": ["GPT2LMHeadModel"],
          "model_type": "gpt2",
          "vocab_size": %d,
          "n_positions": %d,
          "n_ctx": %d,
          "n_embd": %d,
          "n_layer": %d,
          "n_head": %d,
          "n_inner": %d,
          "activation_function": "gelu_new",
          "layer_norm_epsilon": %s,
          "tie_word_embeddings": true,
          "scale_attn_weights": true,
          "bos_token_id": %d,
          "eos_token_id": %d
        }
        """,
        c.dVocab(),
        c.nCtx(),
        c.nCtx(),
        c.dModel(),
        c.nLayers(),
        c.nHeads(),
        c.dMlp(),
        c.eps(),
        c.bosToken().orElseThrow(),
        c.eosTokens().getFirst());
  }
}
