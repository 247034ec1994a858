package dev.loupe.model;

import dev.loupe.model.BlockWeights.NormWeights;
import dev.loupe.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** GPT-2: learned positions, serial blocks, fused queries, keys and values ([in, out] matrices). */
final class Gpt2Architecture implements Architecture {
  @Override
  public List<String> modelTypes() {
    return List.of("gpt2");
  }

  @Override
  public String prefix() {
    return "transformer.";
  }

  @Override
  public ModelConfig config(ConfigReader json) {
    int layers = json.integer("n_layer");
    int heads = json.integer("n_head");
    int dModel = json.integer("n_embd");
    int nCtx = json.integer("n_positions", json.integer("n_ctx", 1024));
    boolean scaled = json.flag("scale_attn_weights", true);
    int dHead = ConfigParts.headWidth(json, dModel, heads);
    return new ModelConfig(
        "gpt2",
        layers,
        heads,
        heads,
        dModel,
        dHead,
        json.integer("n_inner", 4 * dModel),
        json.integer("vocab_size"),
        nCtx,
        Norm.LAYER_NORM,
        json.decimal("layer_norm_epsilon", 1e-5),
        new Positions.Learned(),
        ConfigParts.activation(json, "activation_function", "gelu_new"),
        false,
        false,
        scaled ? Math.sqrt(dHead) : 1,
        json.flag("scale_attn_by_inverse_layer_idx", false),
        ModelConfig.globalWindows(layers),
        json.flag("tie_word_embeddings", true),
        json.token("bos_token_id"),
        json.tokens("eos_token_id"));
  }

  @Override
  public Weights weights(ConfigReader json, ModelConfig c, TensorReader in) {
    return weights(c, in, name -> block(c, in, name));
  }

  /** Reads the parameters around the blocks, which GPT-Neo names as GPT-2 does. */
  static Weights weights(ModelConfig c, TensorReader in, Function<String, BlockWeights> block) {
    var wE = in.get("wte.weight", c.dVocab(), c.dModel());
    return new Weights(
        wE,
        Optional.of(in.get("wpe.weight", c.nCtx(), c.dModel())),
        Architecture.blocks(c, "h.", block),
        norm(in, "ln_f", c),
        in.unembedding("lm_head.weight", wE, c),
        in.zeros(c.dVocab()));
  }

  private static BlockWeights block(ModelConfig c, TensorReader in, String name) {
    int d = c.dModel();
    var qkv = in.get(name + "attn.c_attn.weight", d, 3L * d);
    var bias = in.get(name + "attn.c_attn.bias", 3L * d);
    return new BlockWeights(
        norm(in, name + "ln_1", c),
        heads(qkv, 0, c),
        biases(bias, 0, c),
        heads(qkv, 1, c),
        biases(bias, 1, c),
        heads(qkv, 2, c),
        biases(bias, 2, c),
        in.get(name + "attn.c_proj.weight", d, d).reshape(c.nHeads(), c.dHead(), d),
        in.get(name + "attn.c_proj.bias", d),
        norm(in, name + "ln_2", c),
        in.get(name + "mlp.c_fc.weight", d, c.dMlp()),
        in.get(name + "mlp.c_fc.bias", c.dMlp()),
        Optional.empty(),
        Optional.empty(),
        in.get(name + "mlp.c_proj.weight", c.dMlp(), d),
        in.get(name + "mlp.c_proj.bias", d));
  }

  // The part-th third of the columns, [d_model, head * d_head] as [head, d_model, d_head].
  private static Tensor heads(Tensor qkv, int part, ModelConfig c) {
    return qkv.narrow(1, (long) part * c.dModel(), c.dModel())
        .reshape(c.dModel(), c.nHeads(), c.dHead())
        .permute(1, 0, 2);
  }

  private static Tensor biases(Tensor bias, int part, ModelConfig c) {
    return bias.narrow(0, (long) part * c.dModel(), c.dModel()).reshape(c.nHeads(), c.dHead());
  }

  static NormWeights norm(TensorReader in, String name, ModelConfig c) {
    return NormWeights.of(in.get(name + ".weight", c.dModel()), in.get(name + ".bias", c.dModel()));
  }
}
