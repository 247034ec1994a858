package dev.loupe.model;

import dev.loupe.model.BlockWeights.NormWeights;
import dev.loupe.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Llama, Mistral and Qwen2: RMS norms, gated MLPs, rotary positions, grouped keys and values. */
final class LlamaArchitecture implements Architecture {
  @Override
  public List<String> modelTypes() {
    return List.of("llama", "mistral", "qwen2");
  }

  @Override
  public String prefix() {
    return "model.";
  }

  @Override
  public ModelConfig config(ConfigReader json) {
    // Whether there are biases is read off the tensors.
    json.flag("attention_bias", false);
    json.flag("mlp_bias", false);
    String family = json.text("model_type", "llama");
    int layers = json.integer("num_hidden_layers");
    int heads = json.integer("num_attention_heads");
    int dModel = json.integer("hidden_size");
    int nCtx = json.integer("max_position_embeddings", 2048);
    int given = json.integer("head_dim", 0);
    int dHead = given > 0 ? given : ConfigParts.headWidth(json, dModel, heads);
    return new ModelConfig(
        family,
        layers,
        heads,
        json.integer("num_key_value_heads", heads),
        dModel,
        dHead,
        json.integer("intermediate_size"),
        json.integer("vocab_size"),
        nCtx,
        Norm.RMS_NORM,
        json.decimal("rms_norm_eps", 1e-6),
        ConfigParts.rotary(json, "rope_theta", 10000, "partial_rotary_factor", 1, dHead, nCtx),
        ConfigParts.activation(json, "hidden_act", "silu"),
        true,
        false,
        Math.sqrt(dHead),
        false,
        windows(json, family, layers),
        json.flag("tie_word_embeddings", false),
        json.token("bos_token_id"),
        json.token("eos_token_id"));
  }

  /** Reads which layers see a sliding window: each family says it in its own way. */
  private static List<Integer> windows(ConfigReader json, String family, int layers) {
    int window = json.integer("sliding_window", 0);
    boolean used = json.flag("use_sliding_window", !family.equals("qwen2"));
    int firstSliding = json.integer("max_window_layers", family.equals("qwen2") ? 28 : 0);
    var types = json.node("layer_types");
    if (types.isPresent()) {
      var names = types.get().values().stream().map(n -> n.asString("")).toList();
      if (names.size() != layers
          || !names.stream().allMatch(n -> n.equals("full_attention") || isSliding(n))) {
        throw json.wrong("layer_types", names, layers + " of full_attention and sliding_attention");
      }
      if (window == 0 && names.stream().anyMatch(LlamaArchitecture::isSliding)) {
        throw json.wrong("sliding_window", "missing", "a number, as layer_types names such layers");
      }
      return names.stream().map(n -> isSliding(n) ? window : 0).toList();
    }
    if (family.equals("llama") && window != 0) {
      throw json.wrong("sliding_window", window, "nothing: Llama layers see everything");
    }
    return IntStream.range(0, layers)
        .mapToObj(layer -> used && layer >= firstSliding ? window : 0)
        .toList();
  }

  private static boolean isSliding(String layerType) {
    return layerType.equals("sliding_attention");
  }

  @Override
  public Weights weights(ModelConfig c, TensorReader in) {
    var wE = in.get("embed_tokens.weight", c.dVocab(), c.dModel());
    var blocks = new ArrayList<BlockWeights>();
    for (int layer = 0; layer < c.nLayers(); layer++) {
      blocks.add(block(c, in, "layers." + layer + "."));
    }
    return new Weights(
        wE,
        Optional.empty(),
        blocks,
        norm(in, "norm", c),
        in.unembedding("lm_head.weight", wE, c),
        in.zeros(c.dVocab()));
  }

  private static BlockWeights block(ModelConfig c, TensorReader in, String name) {
    int d = c.dModel();
    int dMlp = c.dMlp();
    long joined = (long) c.nHeads() * c.dHead();
    return new BlockWeights(
        norm(in, name + "input_layernorm", c),
        heads(in, name + "self_attn.q_proj.weight", c.nHeads(), c),
        biases(in, name + "self_attn.q_proj.bias", c.nHeads(), c),
        heads(in, name + "self_attn.k_proj.weight", c.nKeyValueHeads(), c),
        biases(in, name + "self_attn.k_proj.bias", c.nKeyValueHeads(), c),
        heads(in, name + "self_attn.v_proj.weight", c.nKeyValueHeads(), c),
        biases(in, name + "self_attn.v_proj.bias", c.nKeyValueHeads(), c),
        in.get(name + "self_attn.o_proj.weight", d, joined)
            .transpose(0, 1)
            .reshape(c.nHeads(), c.dHead(), d),
        in.orZeros(name + "self_attn.o_proj.bias", d),
        norm(in, name + "post_attention_layernorm", c),
        in.get(name + "mlp.up_proj.weight", dMlp, d).transpose(0, 1),
        in.orZeros(name + "mlp.up_proj.bias", dMlp),
        Optional.of(in.get(name + "mlp.gate_proj.weight", dMlp, d).transpose(0, 1)),
        Optional.of(in.orZeros(name + "mlp.gate_proj.bias", dMlp)),
        in.get(name + "mlp.down_proj.weight", d, dMlp).transpose(0, 1),
        in.orZeros(name + "mlp.down_proj.bias", d));
  }

  private static Tensor heads(TensorReader in, String name, int heads, ModelConfig c) {
    return in.get(name, (long) heads * c.dHead(), c.dModel())
        .reshape(heads, c.dHead(), c.dModel())
        .transpose(1, 2);
  }

  private static Tensor biases(TensorReader in, String name, int heads, ModelConfig c) {
    return in.orZeros(name, (long) heads * c.dHead()).reshape(heads, c.dHead());
  }

  private static NormWeights norm(TensorReader in, String name, ModelConfig c) {
    return new NormWeights(Optional.of(in.get(name + ".weight", c.dModel())), Optional.empty());
  }
}
