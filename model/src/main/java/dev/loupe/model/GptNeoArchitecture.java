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
        json.tokens("eos_token_id"));
  }

  private static List<Integer> windows(ConfigReader json, int layers) {
    int window = json.integer("window_size", 256);
    var names = json.texts("attention_layers");
    var pattern = pattern(json, layers);
    if (names.isEmpty()) {
      names = pattern;
    } else if (!pattern.isEmpty() && !pattern.equals(names)) {
      throw json.wrong("attention_types", pattern, "what attention_layers says, " + names);
    }
    if (names.size() != layers
        || !names.stream().allMatch(n -> n.equals("global") || n.equals("local"))) {
      throw json.wrong("attention_types", names, layers + " of global and local");
    }
    if (window < 1) {
      throw json.wrong("window_size", window, "1 or more");
    }
    return names.stream().map(n -> n.equals("local") ? window : 0).toList();
  }

  /** Spells out attention_types, [[["global", "local"], 12]]: a pattern and how often it comes. */
  private static List<String> pattern(ConfigReader json, int layers) {
    var names = new ArrayList<String>();
    var groups = json.node("attention_types");
    if (groups.isPresent()) {
      for (JsonNode group : groups.get().values()) {
        var once = group.path(0).values().stream().map(n -> n.asString("")).toList();
        int times = group.path(1).asInt(0);
        if (once.isEmpty() || times < 1 || times > layers) {
          throw json.wrong(
              "attention_types", groups.get(), "a list of patterns and how often each comes");
        }
        for (int i = 0; i < times; i++) {
          names.addAll(once);
        }
      }
    }
    return names;
  }

  @Override
  public Weights weights(ConfigReader json, ModelConfig c, TensorReader in) {
    return Gpt2Architecture.weights(c, in, name -> block(c, in, name));
  }

  private static BlockWeights block(ModelConfig c, TensorReader in, String name) {
    int d = c.dModel();
    String attention = name + "attn.attention.";
    return new BlockWeights(
        Gpt2Architecture.norm(in, name + "ln_1", c),
        heads(in, attention + "q_proj.weight", c),
        in.zeros(c.nHeads(), c.dHead()),
        heads(in, attention + "k_proj.weight", c),
        in.zeros(c.nHeads(), c.dHead()),
        heads(in, attention + "v_proj.weight", c),
        in.zeros(c.nHeads(), c.dHead()),
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
