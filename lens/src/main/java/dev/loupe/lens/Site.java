package dev.loupe.lens;

import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.ModelConfig;

/**
 * Where an intervention acts.
 *
 * @param point the hook point, and so the layer
 * @param part which of its heads or neurons
 * @param at which positions; of attention scores and patterns, which destinations
 * @param sources of attention scores and patterns, which sources; {@link At.All} elsewhere
 */
public record Site(HookPoint point, Part part, At at, At sources) {
  /** Which part of an activation. */
  public sealed interface Part {
    /** All of it. */
    record Whole() implements Part {
      @Override
      public String toString() {
        return "all";
      }
    }

    /**
     * One head, a key and value head where the hook point has those.
     *
     * @param index from 0
     */
    record Head(int index) implements Part {
      @Override
      public String toString() {
        return "H" + index;
      }
    }

    /**
     * One neuron.
     *
     * @param index from 0
     */
    record Neuron(int index) implements Part {
      @Override
      public String toString() {
        return "N" + index;
      }
    }
  }

  /** Refuses a part that the hook point does not have, and sources where there are none. */
  public Site {
    boolean headed = heads(point.kind()) != Heads.NONE;
    boolean neurons = hasNeurons(point.kind());
    switch (part) {
      case Part.Whole _ -> {}
      case Part.Head head -> require(headed && head.index() >= 0, point, part);
      case Part.Neuron neuron -> require(neurons && neuron.index() >= 0, point, part);
    }
    if (!(sources instanceof At.All) && !isAttention(point.kind())) {
      throw new IllegalArgumentException(
          "sources " + sources + " of " + point + ": only attention scores and patterns have them");
    }
  }

  private static void require(boolean fits, HookPoint point, Part part) {
    if (!fits) {
      throw new IllegalArgumentException(part + ": " + point + " has no such part");
    }
  }

  /** Returns a whole activation at every position. */
  public static Site of(HookPoint point) {
    return new Site(point, new Part.Whole(), At.all(), At.all());
  }

  /** Returns one head's part of an activation at every position. */
  public static Site head(HookPoint point, int head) {
    return new Site(point, new Part.Head(head), At.all(), At.all());
  }

  /** Returns the z of a head at every position. */
  public static Site z(Head head) {
    return head(HookPoint.z(head.layer()), head.index());
  }

  /** Returns one neuron at every position. */
  public static Site neuron(HookPoint point, int neuron) {
    return new Site(point, new Part.Neuron(neuron), At.all(), At.all());
  }

  /** Returns this site at other positions. */
  public Site at(At positions) {
    return new Site(point, part, positions, sources);
  }

  /** Returns this site with other sources. */
  public Site from(At newSources) {
    return new Site(point, part, at, newSources);
  }

  /** Which heads a hook point has. */
  enum Heads {
    NONE,
    QUERY,
    KEY_VALUE
  }

  static Heads heads(Kind kind) {
    return switch (kind) {
      case Q, ROT_Q, Z, RESULT, Q_INPUT, PATTERN, ATTN_SCORES -> Heads.QUERY;
      case K, ROT_K, V, K_INPUT, V_INPUT -> Heads.KEY_VALUE;
      default -> Heads.NONE;
    };
  }

  static boolean hasNeurons(Kind kind) {
    return kind == Kind.MLP_PRE || kind == Kind.MLP_PRE_LINEAR || kind == Kind.MLP_POST;
  }

  /**
   * Returns how many heads its hook point has.
   *
   * @throws IllegalArgumentException if it has none
   */
  public int heads(ModelConfig config) {
    return switch (heads(point.kind())) {
      case QUERY -> config.nHeads();
      case KEY_VALUE -> config.nKeyValueHeads();
      case NONE -> throw new IllegalArgumentException(point + " has no heads");
    };
  }

  /** Returns the last dimension of this site's part: what a direction in it has. */
  public int width(ModelConfig config) {
    if (isAttention(point.kind())) {
      throw new IllegalArgumentException(
          point + " has a number for each source: directions need a dimension of the model");
    }
    return switch (point.kind()) {
      case Q, K, V, ROT_Q, ROT_K, Z -> config.dHead();
      case LN1_SCALE, LN2_SCALE, LN_FINAL_SCALE -> 1;
      case MLP_PRE, MLP_PRE_LINEAR, MLP_POST -> part instanceof Part.Neuron ? 1 : config.dMlp();
      default -> config.dModel();
    };
  }

  /** Tells whether a kind has destinations and sources, not positions. */
  public static boolean isAttention(Kind kind) {
    return kind == Kind.PATTERN || kind == Kind.ATTN_SCORES;
  }

  /**
   * Checks that a model has this site.
   *
   * @throws IllegalArgumentException saying what it has
   */
  public Site requireIn(ModelConfig config) {
    point.requireIn(config);
    int count =
        switch (part) {
          case Part.Whole _ -> 0;
          case Part.Head _ -> heads(config);
          case Part.Neuron _ -> config.dMlp();
        };
    int index =
        switch (part) {
          case Part.Whole _ -> -1;
          case Part.Head head -> head.index();
          case Part.Neuron neuron -> neuron.index();
        };
    if (index >= count) {
      throw new IllegalArgumentException(
          part + " of " + point + ": this model has 0 to " + (count - 1) + " there");
    }
    return this;
  }

  /** Returns such as {@code blocks.9.attn.hook_z H6 at END}. */
  @Override
  public String toString() {
    return point
        + (part instanceof Part.Whole ? "" : " " + part)
        + (at instanceof At.All ? "" : " at " + at)
        + (sources instanceof At.All ? "" : " from " + sources);
  }
}
