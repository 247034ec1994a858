package dev.loupe.lens.sweep;

import dev.loupe.lens.Site;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.ModelConfig;
import java.util.Arrays;
import java.util.Locale;

/** What a grid patches, under the names that the field has for it. */
public enum PatchSite {
  /** The output of each head before W_O. */
  Z(Kind.Z, Parts.HEADS),
  /** The queries of each head. */
  Q(Kind.Q, Parts.HEADS),
  /** The keys of each key and value head. */
  K(Kind.K, Parts.KEY_VALUE_HEADS),
  /** The values of each key and value head. */
  V(Kind.V, Parts.KEY_VALUE_HEADS),
  /** The attention pattern of each head. */
  PATTERN(Kind.PATTERN, Parts.HEADS),
  /** The residual stream before each block. */
  RESID_PRE(Kind.RESID_PRE, Parts.WHOLE),
  /** The residual stream between attention and MLP. */
  RESID_MID(Kind.RESID_MID, Parts.WHOLE),
  /** The residual stream after each block. */
  RESID_POST(Kind.RESID_POST, Parts.WHOLE),
  /** What attention adds to the residual stream. */
  ATTN_OUT(Kind.ATTN_OUT, Parts.WHOLE),
  /** What the MLP adds to the residual stream. */
  MLP_OUT(Kind.MLP_OUT, Parts.WHOLE),
  /** The neurons of each MLP, as its output matrix reads them. */
  NEURON(Kind.MLP_POST, Parts.NEURONS);

  /** What of an activation one cell takes. */
  enum Parts {
    WHOLE(""),
    HEADS("head"),
    KEY_VALUE_HEADS("head"),
    NEURONS("neuron");

    private final String axis;

    Parts(String axis) {
      this.axis = axis;
    }

    String axis() {
      return axis;
    }

    int count(ModelConfig config) {
      return switch (this) {
        case WHOLE -> 1;
        case HEADS -> config.nHeads();
        case KEY_VALUE_HEADS -> config.nKeyValueHeads();
        case NEURONS -> config.dMlp();
      };
    }
  }

  private final Kind kind;
  private final Parts parts;

  PatchSite(Kind kind, Parts parts) {
    this.kind = kind;
    this.parts = parts;
  }

  /**
   * Parses the form that {@link #toString} writes.
   *
   * @throws IllegalArgumentException if there is none of that name, with those that there are
   */
  public static PatchSite parse(String text) {
    var plain = text.strip();
    return Arrays.stream(values())
        .filter(site -> site.toString().equals(plain))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "site '%s': expected one of %s".formatted(plain, Arrays.toString(values()))));
  }

  /** Returns what stands there. */
  public Kind kind() {
    return kind;
  }

  /** Tells whether it has heads. */
  public boolean hasHeads() {
    return parts == Parts.HEADS || parts == Parts.KEY_VALUE_HEADS;
  }

  /** Tells whether it has neurons. */
  public boolean hasNeurons() {
    return parts == Parts.NEURONS;
  }

  Parts parts() {
    return parts;
  }

  /** Returns the site of one head or neuron, or of the whole activation, at every position. */
  Site site(int layer, int part) {
    var point = new HookPoint(kind, layer);
    return switch (parts) {
      case WHOLE -> Site.of(point);
      case HEADS, KEY_VALUE_HEADS -> Site.head(point, part);
      case NEURONS -> Site.neuron(point, part);
    };
  }

  /** Returns the name on the command line and in results: {@code resid-pre}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
