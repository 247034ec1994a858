package dev.loupe.model;

import dev.loupe.model.BlockWeights.NormWeights;
import dev.loupe.tensor.Tensor;
import java.util.Collections;
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
    String family = json.text("model_type", "llama");
    Biases.of(json);
    int layers = json.integer("num_hidden_layers");
    int heads = json.integer("num_attention_heads");
    int dModel = json.integer("hidden_size");
    boolean llama = family.equals("llama");
    // The first Llama configs said neither; the other families always do.
    int nCtx =
        llama
            ? json.integer("max_position_embeddings", 2048)
            : json.integer("max_position_embeddings");
    int groups =
        llama ? json.integer("num_key_value_heads", heads) : json.integer("num_key_value_heads");
    int dHead =
        json.node("head_dim").isPresent()
            ? json.integer("head_dim")
            : ConfigParts.headWidth(json, dModel, heads);
    return new ModelConfig(
        family,
        layers,
        heads,
        groups,
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
        json.tokens("eos_token_id"));
  }

  /** Reads which layers see a sliding window: each family says it in its own way. */
  private static List<Integer> windows(ConfigReader json, String family, int layers) {
    return switch (family) {
      case "mistral" -> Collections.nCopies(Math.max(0, layers), window(json));
      case "qwen2" -> qwenWindows(json, layers);
      default -> ModelConfig.globalWindows(layers);
    };
  }

  private static List<Integer> qwenWindows(ConfigReader json, int layers) {
    int given = window(json);
    int window = json.flag("use_sliding_window", false) ? given : 0;
    int first = json.integer("max_window_layers", 28);
    var types = json.texts("layer_types");
    if (types.isEmpty()) {
      return IntStream.range(0, layers).mapToObj(l -> l >= first ? window : 0).toList();
    }
    if (types.size() != layers
        || !types.stream().allMatch(t -> t.equals("full_attention") || isSliding(t))) {
      throw json.wrong("layer_types", types, layers + " of full_attention and sliding_attention");
    }
    if (window == 0 && types.stream().anyMatch(LlamaArchitecture::isSliding)) {
      throw json.wrong(
          "layer_types", types, "full_attention alone, as there is no sliding_window in use");
    }
    return types.stream().map(t -> isSliding(t) ? window : 0).toList();
  }

  // Where a config says nothing the window is 4096, and null is none.
  private static int window(ConfigReader json) {
    if (!json.mentions("sliding_window")) {
      return 4096;
    }
    if (json.node("sliding_window").isEmpty()) {
      return 0;
    }
    int window = json.integer("sliding_window");
    if (window < 1) {
      throw json.wrong("sliding_window", window, "1 or more, or null for none");
    }
    return window;
  }

  private static boolean isSliding(String layerType) {
    return layerType.equals("sliding_attention");
  }

  /** Which matrices come with biases: queries, keys and values; the output; those of the MLP. */
  private record Biases(boolean qkv, boolean output, boolean mlp) {
    static Biases of(ConfigReader json) {
      return switch (json.text("model_type", "llama")) {
        case "mistral" -> new Biases(false, false, false);
        case "qwen2" -> new Biases(true, false, false);
        default -> {
          boolean attention = json.flag("attention_bias", false);
          yield new Biases(attention, attention, json.flag("mlp_bias", false));
        }
      };
    }
  }

  @Override
  public Weights weights(ConfigReader json, ModelConfig c, TensorReader in) {
    var biases = Biases.of(json);
    var wE = in.get("embed_tokens.weight", c.dVocab(), c.dModel());
    return new Weights(
        wE,
        Optional.empty(),
        Architecture.blocks(c, "layers.", name -> block(c, in, name, biases)),
        norm(in, "norm", c),
        in.unembedding("lm_head.weight", wE, c),
        in.zeros(c.dVocab()));
  }

  private static BlockWeights block(ModelConfig c, TensorReader in, String name, Biases biases) {
    int d = c.dModel();
    int dMlp = c.dMlp();
    long joined = (long) c.nHeads() * c.dHead();
    return new BlockWeights(
        norm(in, name + "input_layernorm", c),
        heads(in, name + "self_attn.q_proj.weight", c.nHeads(), c),
        biases(in, biases.qkv(), name + "self_attn.q_proj.bias", c.nHeads(), c),
        heads(in, name + "self_attn.k_proj.weight", c.nKeyValueHeads(), c),
        biases(in, biases.qkv(), name + "self_attn.k_proj.bias", c.nKeyValueHeads(), c),
        heads(in, name + "self_attn.v_proj.weight", c.nKeyValueHeads(), c),
        biases(in, biases.qkv(), name + "self_attn.v_proj.bias", c.nKeyValueHeads(), c),
        in.get(name + "self_attn.o_proj.weight", d, joined)
            .transpose(0, 1)
            .reshape(c.nHeads(), c.dHead(), d),
        in.orZeros(biases.output(), name + "self_attn.o_proj.bias", d),
        norm(in, name + "post_attention_layernorm", c),
        in.get(name + "mlp.up_proj.weight", dMlp, d).transpose(0, 1),
        in.orZeros(biases.mlp(), name + "mlp.up_proj.bias", dMlp),
        Optional.of(in.get(name + "mlp.gate_proj.weight", dMlp, d).transpose(0, 1)),
        Optional.of(in.orZeros(biases.mlp(), name + "mlp.gate_proj.bias", dMlp)),
        in.get(name + "mlp.down_proj.weight", d, dMlp).transpose(0, 1),
        in.orZeros(biases.mlp(), name + "mlp.down_proj.bias", d));
  }

  private static Tensor heads(TensorReader in, String name, int heads, ModelConfig c) {
    return in.get(name, (long) heads * c.dHead(), c.dModel())
        .reshape(heads, c.dHead(), c.dModel())
        .transpose(1, 2);
  }

  private static Tensor biases(
      TensorReader in, boolean present, String name, int heads, ModelConfig c) {
    return in.orZeros(present, name, (long) heads * c.dHead()).reshape(heads, c.dHead());
  }

  private static NormWeights norm(TensorReader in, String name, ModelConfig c) {
    return new NormWeights(Optional.of(in.get(name + ".weight", c.dModel())), Optional.empty());
  }
}
