package dev.loupe.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * A place in the forward pass where an activation can be read or replaced. Its string form is the
 * name that TransformerLens gives it; {@code docs/hook-points.md} is the specification.
 *
 * @param kind what is there
 * @param layer the block, from 0; -1 for the points outside the blocks
 */
public record HookPoint(Kind kind, int layer) {

  /** What stands at a hook point, in the order of firing. */
  public enum Kind {
    /** Token embedding, [batch, pos, d_model]. */
    EMBED("hook_embed", false),
    /** Learned position embedding, [batch, pos, d_model]. */
    POS_EMBED("hook_pos_embed", false),
    /** The residual stream a block receives, [batch, pos, d_model]. */
    RESID_PRE("hook_resid_pre", true),
    /** What the queries of each head read, [batch, pos, head, d_model]; on demand. */
    Q_INPUT("hook_q_input", true),
    /** What the keys of each key head read, [batch, pos, kv_head, d_model]; on demand. */
    K_INPUT("hook_k_input", true),
    /** What the values of each value head read, [batch, pos, kv_head, d_model]; on demand. */
    V_INPUT("hook_v_input", true),
    /** What the residual is divided by before attention, [batch, pos, 1]. */
    LN1_SCALE("ln1.hook_scale", true),
    /** The normalised residual before the norm's own weight and bias, [batch, pos, d_model]. */
    LN1_NORMALIZED("ln1.hook_normalized", true),
    /** Queries before rotation, [batch, pos, head, d_head]. */
    Q("attn.hook_q", true),
    /** Keys before rotation, [batch, pos, kv_head, d_head]. */
    K("attn.hook_k", true),
    /** Values, [batch, pos, kv_head, d_head]. */
    V("attn.hook_v", true),
    /** Queries after rotation, [batch, pos, head, d_head]; rotary models. */
    ROT_Q("attn.hook_rot_q", true),
    /** Keys after rotation, [batch, pos, kv_head, d_head]; rotary models. */
    ROT_K("attn.hook_rot_k", true),
    /** Attention scores after scaling and mask, [batch, head, dest, src]. */
    ATTN_SCORES("attn.hook_attn_scores", true),
    /** Attention probabilities, [batch, head, dest, src]. */
    PATTERN("attn.hook_pattern", true),
    /** Values mixed by the pattern, [batch, pos, head, d_head]. */
    Z("attn.hook_z", true),
    /** What each head adds, without b_O, [batch, pos, head, d_model]; on demand. */
    RESULT("attn.hook_result", true),
    /** What attention adds, [batch, pos, d_model]. */
    ATTN_OUT("hook_attn_out", true),
    /** The residual stream between attention and MLP, [batch, pos, d_model]; serial blocks. */
    RESID_MID("hook_resid_mid", true),
    /** What the MLP reads before its norm, [batch, pos, d_model]; on demand. */
    MLP_IN("hook_mlp_in", true),
    /** What the residual is divided by before the MLP, [batch, pos, 1]. */
    LN2_SCALE("ln2.hook_scale", true),
    /** The normalised residual before the norm's own weight and bias, [batch, pos, d_model]. */
    LN2_NORMALIZED("ln2.hook_normalized", true),
    /** Neurons before the non-linearity, [batch, pos, d_mlp]. */
    MLP_PRE("mlp.hook_pre", true),
    /** The linear branch of a gated MLP, [batch, pos, d_mlp]. */
    MLP_PRE_LINEAR("mlp.hook_pre_linear", true),
    /** Neurons as the output matrix reads them, [batch, pos, d_mlp]. */
    MLP_POST("mlp.hook_post", true),
    /** What the MLP adds, [batch, pos, d_model]. */
    MLP_OUT("hook_mlp_out", true),
    /** The residual stream a block passes on, [batch, pos, d_model]. */
    RESID_POST("hook_resid_post", true),
    /** What the residual is divided by before the unembedding, [batch, pos, 1]. */
    LN_FINAL_SCALE("ln_final.hook_scale", false),
    /** The final normalised residual before weight and bias, [batch, pos, d_model]. */
    LN_FINAL_NORMALIZED("ln_final.hook_normalized", false);

    private final String suffix;
    private final boolean inBlock;

    Kind(String suffix, boolean inBlock) {
      this.suffix = suffix;
      this.inBlock = inBlock;
    }

    /** Tells whether every block has one. */
    public boolean inBlock() {
      return inBlock;
    }

    /** Tells whether it is computed only where it is asked for by name. */
    public boolean onDemand() {
      return switch (this) {
        case RESULT, Q_INPUT, K_INPUT, V_INPUT, MLP_IN -> true;
        default -> false;
      };
    }

    /** Returns the name without the block: {@code attn.hook_z}. */
    public String suffix() {
      return suffix;
    }

    /** Tells whether models of this config have it. */
    public boolean existsIn(ModelConfig config) {
      return switch (this) {
        case POS_EMBED -> !config.isRotary();
        case ROT_Q, ROT_K -> config.isRotary();
        case RESID_MID -> !config.parallelBlocks();
        case MLP_PRE_LINEAR -> config.gatedMlp();
        default -> true;
      };
    }

    /** Names the dimensions after batch, for this config: {@code [batch, pos, 12, 64]}. */
    public String shapeIn(ModelConfig config) {
      String dims =
          switch (this) {
            case Q, ROT_Q, Z -> "pos, " + config.nHeads() + ", " + config.dHead();
            case K, V, ROT_K -> "pos, " + config.nKeyValueHeads() + ", " + config.dHead();
            case ATTN_SCORES, PATTERN -> config.nHeads() + ", dest, src";
            case RESULT, Q_INPUT -> "pos, " + config.nHeads() + ", " + config.dModel();
            case K_INPUT, V_INPUT -> "pos, " + config.nKeyValueHeads() + ", " + config.dModel();
            case LN1_SCALE, LN2_SCALE, LN_FINAL_SCALE -> "pos, 1";
            case MLP_PRE, MLP_PRE_LINEAR, MLP_POST -> "pos, " + config.dMlp();
            default -> "pos, " + config.dModel();
          };
      return "[batch, " + dims + "]";
    }
  }

  /** Refuses a layer where the kind has none, and the reverse. */
  public HookPoint {
    if (kind.inBlock() ? layer < 0 : layer != -1) {
      throw new IllegalArgumentException(
          kind
              + " with layer "
              + layer
              + ": expected "
              + (kind.inBlock() ? "a layer from 0" : "no layer (-1)"));
    }
  }

  /** Returns the point of {@code kind} outside the blocks. */
  public static HookPoint of(Kind kind) {
    return new HookPoint(kind, -1);
  }

  /** Returns {@code blocks.L.hook_resid_pre}. */
  public static HookPoint residPre(int layer) {
    return new HookPoint(Kind.RESID_PRE, layer);
  }

  /** Returns {@code blocks.L.hook_resid_mid}. */
  public static HookPoint residMid(int layer) {
    return new HookPoint(Kind.RESID_MID, layer);
  }

  /** Returns {@code blocks.L.hook_resid_post}. */
  public static HookPoint residPost(int layer) {
    return new HookPoint(Kind.RESID_POST, layer);
  }

  /** Returns {@code blocks.L.attn.hook_q}. */
  public static HookPoint q(int layer) {
    return new HookPoint(Kind.Q, layer);
  }

  /** Returns {@code blocks.L.attn.hook_k}. */
  public static HookPoint k(int layer) {
    return new HookPoint(Kind.K, layer);
  }

  /** Returns {@code blocks.L.attn.hook_v}. */
  public static HookPoint v(int layer) {
    return new HookPoint(Kind.V, layer);
  }

  /** Returns {@code blocks.L.attn.hook_z}. */
  public static HookPoint z(int layer) {
    return new HookPoint(Kind.Z, layer);
  }

  /** Returns {@code blocks.L.attn.hook_pattern}. */
  public static HookPoint pattern(int layer) {
    return new HookPoint(Kind.PATTERN, layer);
  }

  /** Returns {@code blocks.L.hook_attn_out}. */
  public static HookPoint attnOut(int layer) {
    return new HookPoint(Kind.ATTN_OUT, layer);
  }

  /** Returns {@code blocks.L.hook_mlp_out}. */
  public static HookPoint mlpOut(int layer) {
    return new HookPoint(Kind.MLP_OUT, layer);
  }

  /** Returns {@code blocks.L.mlp.hook_post}. */
  public static HookPoint mlpPost(int layer) {
    return new HookPoint(Kind.MLP_POST, layer);
  }

  /**
   * Reads a name such as {@code blocks.9.attn.hook_z}.
   *
   * @throws IllegalArgumentException if no model of any kind has such a point
   */
  public static HookPoint parse(String name) {
    return tryParse(name)
        .orElseThrow(() ->
            new IllegalArgumentException(
                "unknown hook point \"" + name + "\"; names are " + allNames()));
  }

  private static Optional<HookPoint> tryParse(String name) {
    for (var kind : Kind.values()) {
      if (!kind.inBlock) {
        if (name.equals(kind.suffix)) {
          return Optional.of(of(kind));
        }
      } else if (name.startsWith("blocks.") && name.endsWith("." + kind.suffix)) {
        String layer = name.substring(7, Math.max(7, name.length() - kind.suffix.length() - 1));
        if (layer.matches("0|[1-9]\\d{0,5}")) {
          return Optional.of(new HookPoint(kind, Integer.parseInt(layer)));
        }
      }
    }
    return Optional.empty();
  }

  /** Returns every point of a model in the order of firing, those on demand included. */
  public static List<HookPoint> all(ModelConfig config) {
    var points = new ArrayList<HookPoint>();
    for (var kind : List.of(Kind.EMBED, Kind.POS_EMBED)) {
      if (kind.existsIn(config)) {
        points.add(of(kind));
      }
    }
    for (int layer = 0; layer < config.nLayers(); layer++) {
      for (var kind : Kind.values()) {
        if (kind.inBlock && kind.existsIn(config)) {
          points.add(new HookPoint(kind, layer));
        }
      }
    }
    points.add(of(Kind.LN_FINAL_SCALE));
    points.add(of(Kind.LN_FINAL_NORMALIZED));
    return List.copyOf(points);
  }

  /**
   * Checks that a model has this point.
   *
   * @throws IllegalArgumentException saying which points it has
   */
  public HookPoint requireIn(ModelConfig config) {
    if (layer >= config.nLayers()) {
      throw new IllegalArgumentException(
          this + ": this model has layers 0 to " + (config.nLayers() - 1));
    }
    if (!kind.existsIn(config)) {
      throw new IllegalArgumentException(
          this
              + ": a "
              + config.family()
              + " model has no such point"
              + why()
              + "; it has "
              + namesIn(config));
    }
    return this;
  }

  private String why() {
    return switch (kind) {
      case RESID_MID -> " because attention and MLP of a block run in parallel";
      case ROT_Q, ROT_K -> " because its positions are not rotary";
      case POS_EMBED -> " because its positions are rotary";
      case MLP_PRE_LINEAR -> " because its MLP is not gated";
      default -> "";
    };
  }

  static String namesIn(ModelConfig config) {
    return names(k -> k.existsIn(config));
  }

  private static String allNames() {
    return names(k -> true);
  }

  private static String names(Predicate<Kind> filter) {
    var names = new ArrayList<String>();
    for (var kind : Kind.values()) {
      if (filter.test(kind)) {
        names.add(kind.inBlock ? "blocks.L." + kind.suffix : kind.suffix);
      }
    }
    return String.join(", ", names);
  }

  /** Returns the name: {@code blocks.9.attn.hook_z}. */
  @Override
  public String toString() {
    return kind.inBlock ? "blocks." + layer + "." + kind.suffix : kind.suffix;
  }
}
