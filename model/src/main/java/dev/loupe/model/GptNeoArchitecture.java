package dev.loupe.model;

import dev.loupe.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** GPT-Neo and TinyStories: learned positions, layers that see a window, unscaled scores. */
final class GptNeoArchitecture implements Architecture {
  @Override
  public List<String> modelTypes() {
    return List.of("gpt_neo");
  }

  @Override
  public String prefix() {
    return "transformer.";
  }

  @Override
  public ModelConfig config(ConfigReader json) {
    int layers = json.integer("num_layers");
    int heads = json.integer("num_heads");
    int dModel = json.integer("hidden_size");
    return new ModelConfig(
        "gpt_neo",
        layers,
        heads,
        heads,
        dModel,
        ConfigParts.headWidth(json, dModel, heads),
        json.integer("intermediate_size", 4 * dModel),
        json.integer("vocab_size"),
        json.integer("max_position_embeddings", 2048),
        Norm.LAYER_NORM,
        json.decimal("layer_norm_epsilon", 1e-5),
        new Positions.Learned(),
        ConfigParts.activation(json, "activation_function", "gelu_new"),
        false,
        false,
        1,
        false,
        windows(json, layers),
        json.flag("tie_word_embeddings", true),
        json.token("bos_token_id"),
        json.token("eos_token_id"));
  }

  private static List<Integer> windows(ConfigReader json, int layers) {
    int window = json.integer("window_size", 256);
    var names = new ArrayList<String>();
    // attention_types is [[["global", "local"], 12]]: a pattern and how often it comes.
    json.node("attention_types")
        .ifPresent(groups -> {
          for (JsonNode group : groups.values()) {
            for (int i = 0; i < group.path(1).asInt(0); i++) {
              group.path(0).values().forEach(n -> names.add(n.asString("")));
            }
          }
        });
    json.node("attention_layers")
        .ifPresent(list -> {
          names.clear();
          list.values().forEach(n -> names.add(n.asString("")));
        });
    if (names.size() != layers
        || !names.stream().allMatch(n -> n.equals("global") || n.equals("local"))) {
      throw json.wrong("attention_types", names, layers + " of global and local");
    }
    return names.stream().map(n -> n.equals("local") ? window : 0).toList();
  }

  @Override
  public Weights weights(ModelConfig c, TensorReader in) {
    var wE = in.get("wte.weight", c.dVocab(), c.dModel());
    var blocks = new ArrayList<BlockWeights>();
    for (int layer = 0; layer < c.nLayers(); layer++) {
      blocks.add(block(c, in, "h." + layer + "."));
    }
    return new Weights(
        wE,
        Optional.of(in.get("wpe.weight", c.nCtx(), c.dModel())),
        blocks,
        Gpt2Architecture.norm(in, "ln_f", c),
        in.unembedding("lm_head.weight", wE, c),
        in.zeros(c.dVocab()));
  }

  private static BlockWeights block(ModelConfig c, TensorReader in, String name) {
    int d = c.dModel();
    String attention = name + "attn.attention.";
    return new BlockWeights(
        Gpt2Architecture.norm(in, name + "ln_1", c),
        heads(in, attention + "q_proj.weight", c),
        in.orZeros(attention + "q_proj.bias", d).reshape(c.nHeads(), c.dHead()),
        heads(in, attention + "k_proj.weight", c),
        in.orZeros(attention + "k_proj.bias", d).reshape(c.nHeads(), c.dHead()),
        heads(in, attention + "v_proj.weight", c),
        in.orZeros(attention + "v_proj.bias", d).reshape(c.nHeads(), c.dHead()),
        in.get(attention + "out_proj.weight", d, d)
            .transpose(0, 1)
            .reshape(c.nHeads(), c.dHead(), d),
        in.get(attention + "out_proj.bias", d),
        Gpt2Architecture.norm(in, name + "ln_2", c),
        in.get(name + "mlp.c_fc.weight", c.dMlp(), d).transpose(0, 1),
        in.get(name + "mlp.c_fc.bias", c.dMlp()),
        Optional.empty(),
        Optional.empty(),
        in.get(name + "mlp.c_proj.weight", d, c.dMlp()).transpose(0, 1),
        in.get(name + "mlp.c_proj.bias", d));
  }

  private static Tensor heads(TensorReader in, String name, ModelConfig c) {
    return in.get(name, c.dModel(), c.dModel())
        .reshape(c.nHeads(), c.dHead(), c.dModel())
        .transpose(1, 2);
  }
}
