package dev.loupe.model;

import java.util.List;
import java.util.Optional;

/**
 * GPT-NeoX and Pythia: partial rotary positions, parallel or serial blocks ([out, in] matrices).
 */
final class GptNeoXArchitecture implements Architecture {
  @Override
  public List<String> modelTypes() {
    return List.of("gpt_neox");
  }

  @Override
  public String prefix() {
    return "gpt_neox.";
  }

  @Override
  public ModelConfig config(ConfigReader json) {
    attentionBias(json);
    int layers = json.integer("num_hidden_layers");
    int heads = json.integer("num_attention_heads");
    int dModel = json.integer("hidden_size");
    int nCtx = json.integer("max_position_embeddings", 2048);
    int dHead = ConfigParts.headWidth(json, dModel, heads);
    return new ModelConfig(
        "gpt_neox",
        layers,
        heads,
        heads,
        dModel,
        dHead,
        json.integer("intermediate_size"),
        json.integer("vocab_size"),
        nCtx,
        Norm.LAYER_NORM,
        json.decimal("layer_norm_eps", 1e-5),
        ConfigParts.rotary(json, "rotary_emb_base", 10000, "rotary_pct", 0.25, dHead, nCtx),
        ConfigParts.activation(json, "hidden_act", "gelu"),
        false,
        json.flag("use_parallel_residual", true),
        Math.sqrt(dHead),
        false,
        ModelConfig.globalWindows(layers),
        json.flag("tie_word_embeddings", false),
        json.token("bos_token_id"),
        json.tokens("eos_token_id"));
  }

  private static boolean attentionBias(ConfigReader json) {
    return json.flag("attention_bias", true);
  }

  @Override
  public Weights weights(ConfigReader json, ModelConfig c, TensorReader in) {
    boolean biases = attentionBias(json);
    var wE = in.get("embed_in.weight", c.dVocab(), c.dModel());
    return new Weights(
        wE,
        Optional.empty(),
        Architecture.blocks(c, "layers.", name -> block(c, in, name, biases)),
        Gpt2Architecture.norm(in, "final_layer_norm", c),
        in.unembedding("embed_out.weight", wE, c),
        in.zeros(c.dVocab()));
  }

  private static BlockWeights block(ModelConfig c, TensorReader in, String name, boolean biases) {
    int d = c.dModel();
    long heads = c.nHeads();
    long width = c.dHead();
    // Rows are head by head: the query, key and value rows of one, then of the next.
    var qkv =
        in.get(name + "attention.query_key_value.weight", 3L * d, d).reshape(heads, 3, width, d);
    var bias =
        in.orZeros(biases, name + "attention.query_key_value.bias", 3L * d)
            .reshape(heads, 3, width);
    return new BlockWeights(
        Gpt2Architecture.norm(in, name + "input_layernorm", c),
        qkv.select(1, 0).transpose(1, 2),
        bias.select(1, 0),
        qkv.select(1, 1).transpose(1, 2),
        bias.select(1, 1),
        qkv.select(1, 2).transpose(1, 2),
        bias.select(1, 2),
        in.get(name + "attention.dense.weight", d, d).transpose(0, 1).reshape(heads, width, d),
        in.orZeros(biases, name + "attention.dense.bias", d),
        Gpt2Architecture.norm(in, name + "post_attention_layernorm", c),
        in.get(name + "mlp.dense_h_to_4h.weight", c.dMlp(), d).transpose(0, 1),
        in.get(name + "mlp.dense_h_to_4h.bias", c.dMlp()),
        Optional.empty(),
        Optional.empty(),
        in.get(name + "mlp.dense_4h_to_h.weight", d, c.dMlp()).transpose(0, 1),
        in.get(name + "mlp.dense_4h_to_h.bias", d));
  }
}
