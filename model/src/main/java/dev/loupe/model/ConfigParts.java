package dev.loupe.model;

import java.util.List;

/** What the configs of several families say in the same words. */
final class ConfigParts {
  private ConfigParts() {}

  static Activation activation(ConfigReader config, String field, String fallback) {
    String name = config.text(field, fallback);
    return switch (name) {
      case "gelu", "gelu_python" -> Activation.GELU;
      case "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_accurate" -> Activation.GELU_TANH;
      case "quick_gelu" -> Activation.GELU_QUICK;
      case "silu", "swish" -> Activation.SILU;
      case "relu" -> Activation.RELU;
      default ->
          throw config.wrong(
              field,
              "\"" + name + "\"",
              "one of gelu, gelu_new, gelu_fast, gelu_pytorch_tanh, quick_gelu, silu, relu");
    };
  }

  static int headWidth(ConfigReader config, int dModel, int heads) {
    if (heads < 1 || dModel % heads != 0) {
      throw new IllegalArgumentException(
          config.where() + ": " + heads + " heads do not divide a width of " + dModel);
    }
    return dModel / heads;
  }

  /** Reads rotary positions, in the words of transformers 5 ({@code rope_parameters}) or before. */
  static Positions.Rotary rotary(
      ConfigReader config,
      String baseField,
      double defaultBase,
      String shareField,
      double defaultShare,
      int dHead,
      int nCtx) {
    double base = config.agreed(defaultBase, baseField, "rope_theta");
    double share = config.agreed(defaultShare, shareField, "partial_rotary_factor");
    RotaryScaling scaling = new RotaryScaling.None();
    var current = config.object("rope_parameters");
    var older = config.object("rope_scaling");
    if (current.isPresent() && older.isPresent()) {
      throw config.wrong(
          "rope_scaling", "there beside \"rope_parameters\"", "one of the two: they mean the same");
    }
    var rope = current.isPresent() ? current : older;
    if (rope.isPresent()) {
      base = rope.get().decimal("rope_theta", base);
      share = rope.get().decimal("partial_rotary_factor", share);
      scaling = scaling(rope.get(), nCtx);
      rope.get().refuseUnread();
    }
    if (!(share > 0) || share > 1) {
      throw config.wrong(shareField, share, "a share above 0, at most 1");
    }
    int dims = (int) (dHead * share);
    return new Positions.Rotary(dims, base, scaling);
  }

  private static RotaryScaling scaling(ConfigReader rope, int nCtx) {
    String older = rope.text("type", "default");
    String type = rope.text("rope_type", older);
    if (!rope.text("type", type).equals(type)) {
      throw rope.wrong("type", "\"" + older + "\"", "that of rope_type, \"" + type + "\"");
    }
    int trained = rope.integer("original_max_position_embeddings", nCtx);
    return switch (type) {
      case "default" -> new RotaryScaling.None();
      case "linear" -> new RotaryScaling.Linear(required(rope, "factor"));
      case "dynamic" -> new RotaryScaling.Dynamic(required(rope, "factor"), trained);
      case "llama3" ->
          new RotaryScaling.Llama3(
              required(rope, "factor"),
              required(rope, "low_freq_factor"),
              required(rope, "high_freq_factor"),
              trained);
      case "yarn" -> yarn(rope, nCtx, trained);
      case "longrope" -> longRope(rope, nCtx, trained);
      default ->
          throw rope.wrong(
              "rope_type",
              "\"" + type + "\"",
              "one of default, linear, dynamic, llama3, yarn, longrope");
    };
  }

  private static RotaryScaling yarn(ConfigReader rope, int nCtx, int trained) {
    double factor = required(rope, "factor");
    if (trained != nCtx && Math.abs(factor - (double) nCtx / trained) > 1e-6 * factor) {
      throw rope.wrong(
          "factor",
          factor,
          "max_position_embeddings / original_max_position_embeddings = "
              + nCtx
              + " / "
              + trained
              + ", as releases of transformers disagree about which of the two counts");
    }
    double scale = rope.decimal("mscale", 0);
    double scaleAll = rope.decimal("mscale_all_dim", 0);
    double attention =
        scale != 0 && scaleAll != 0
            ? yarnScale(factor, scale) / yarnScale(factor, scaleAll)
            : yarnScale(factor, 1);
    return new RotaryScaling.Yarn(
        factor,
        rope.decimal("beta_fast", 32),
        rope.decimal("beta_slow", 1),
        rope.decimal("attention_factor", attention),
        trained,
        rope.flag("truncate", true));
  }

  private static double yarnScale(double factor, double scale) {
    return factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1;
  }

  private static RotaryScaling longRope(ConfigReader rope, int nCtx, int trained) {
    double factor = rope.decimal("factor", (double) nCtx / trained);
    double attention = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(trained));
    List<Double> shortFactors = rope.decimals("short_factor");
    List<Double> longFactors = rope.decimals("long_factor");
    return new RotaryScaling.LongRope(
        shortFactors, longFactors, rope.decimal("attention_factor", attention), trained);
  }

  private static double required(ConfigReader rope, String field) {
    double value = rope.decimal(field, Double.NaN);
    if (Double.isNaN(value)) {
      throw rope.wrong(field, "missing", "a number");
    }
    return value;
  }
}
