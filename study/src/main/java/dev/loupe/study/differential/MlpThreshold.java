package dev.loupe.study.differential;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.loupe.model.ModelConfig;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * Above which norm of their difference MLPs are taken. Its texts are {@code standard}, a number, or
 * a quantile of the norms of all MLPs: {@code quantile 0.2}.
 */
public sealed interface MlpThreshold {
  /** A norm, and how it came about. */
  record Level(double norm, String how) {}

  /**
   * 7.0 for GPT-2 small, as published, where it takes ten MLPs of twelve; for other models, whose
   * activations are of other sizes, the quantile 1/6, above which that share of any number lies.
   */
  record Standard() implements MlpThreshold {
    private static final double PUBLISHED = 7.0;

    @Override
    public Level in(ModelConfig config, double... norms) {
      boolean published =
          config.family().equals("gpt2")
              && config.nLayers() == 12
              && config.nHeads() == 12
              && config.dModel() == 768;
      return published
          ? new Level(PUBLISHED, "published for GPT-2 small")
          : new Level(quantile(1.0 / 6, norms), "the quantile 1/6 of all MLPs");
    }

    @Override
    @JsonValue
    public String toString() {
      return Texts.STANDARD;
    }
  }

  /**
   * A norm.
   *
   * @param norm from 0
   */
  record Value(BigDecimal norm) implements MlpThreshold {
    /** Refuses a negative norm. */
    public Value {
      if (norm.signum() < 0) {
        throw new IllegalArgumentException("mlp_threshold " + norm + ": expected 0 or more");
      }
    }

    @Override
    public Level in(ModelConfig config, double... norms) {
      return new Level(norm.doubleValue(), "as given");
    }

    @Override
    @JsonValue
    public String toString() {
      return norm.toPlainString();
    }
  }

  /**
   * A quantile of the norms, with straight lines between neighbouring ones.
   *
   * @param share from 0 to 1
   */
  record Quantile(BigDecimal share) implements MlpThreshold {
    /** Refuses what is no share. */
    public Quantile {
      if (share.signum() < 0 || share.compareTo(BigDecimal.ONE) > 0) {
        throw new IllegalArgumentException(
            "mlp_threshold quantile " + share + ": expected from 0 to 1");
      }
    }

    @Override
    public Level in(ModelConfig config, double... norms) {
      return new Level(quantile(share.doubleValue(), norms), "the " + this + " of all MLPs");
    }

    @Override
    @JsonValue
    public String toString() {
      return Texts.QUANTILE + " " + share.toPlainString();
    }
  }

  /** Returns the usual one. */
  static MlpThreshold standard() {
    return new Standard();
  }

  /**
   * Reads a threshold: the reverse of {@code toString}.
   *
   * @throws IllegalArgumentException if the text is none
   */
  @JsonCreator
  static MlpThreshold parse(String text) {
    var plain = text.strip();
    if (plain.equals(Texts.STANDARD)) {
      return standard();
    }
    if (Texts.NUMBER.matcher(plain).matches()) {
      return new Value(new BigDecimal(plain));
    }
    if (plain.startsWith(Texts.QUANTILE)) {
      var share = plain.substring(Texts.QUANTILE.length()).strip();
      if (Texts.NUMBER.matcher(share).matches()) {
        return new Quantile(new BigDecimal(share));
      }
    }
    throw new IllegalArgumentException(
        "mlp_threshold \""
            + text
            + "\": expected standard, a norm such as 7.0, or a quantile such as quantile 0.2");
  }

  /** Returns a norm, which specifications write without quotes. */
  @JsonCreator
  static MlpThreshold of(double norm) {
    if (!Double.isFinite(norm)) {
      throw new IllegalArgumentException("mlp_threshold " + norm + ": expected a number");
    }
    return new Value(BigDecimal.valueOf(norm));
  }

  /**
   * Returns the norm that it is for a model.
   *
   * @param norms of all MLPs, at least one
   */
  Level in(ModelConfig config, double... norms);

  private static double quantile(double share, double... norms) {
    double[] sorted = Arrays.stream(norms).sorted().toArray();
    double place = share * (sorted.length - 1);
    int below = (int) place;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  }

  /** What the texts look like. */
  final class Texts {
    private static final String STANDARD = "standard";
    private static final String QUANTILE = "quantile";
    private static final Pattern NUMBER = Pattern.compile("\\d{1,9}(\\.\\d{1,30})?");

    private Texts() {}
  }
}
