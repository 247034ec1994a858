package dev.loupe.circuit;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.loupe.model.ModelConfig;
import java.math.BigDecimal;
import java.util.regex.Pattern;

/**
 * How much the nodes of a circuit may write together, in dimensions of the residual stream. Its
 * texts are {@code standard}, a whole number, or a share of what the whole model writes, the input
 * counted: {@code 60 %}.
 */
public sealed interface WriteBudget {
  /**
   * The budget of the published circuits: 11,200 for the shape of GPT-2 small. That is 7/12 of the
   * 19,200 that its 144 heads, 12 MLPs and its input write together; for other shapes it is the
   * same share, rounded down to whole heads.
   */
  record Standard() implements WriteBudget {
    @Override
    public int in(ModelConfig config) {
      int head = WriteCosts.of(config).head();
      return Math.toIntExact(whole(config) * 7 / 12 / head * head);
    }

    @Override
    @JsonValue
    public String toString() {
      return Texts.STANDARD;
    }
  }

  /**
   * A number of dimensions.
   *
   * @param dimensions at least 1
   */
  record Width(int dimensions) implements WriteBudget {
    /** Refuses less than 1. */
    public Width {
      if (dimensions < 1) {
        throw new IllegalArgumentException(
            "write budget " + dimensions + ": expected 1 or more dimensions");
      }
    }

    @Override
    public int in(ModelConfig config) {
      return dimensions;
    }

    @Override
    @JsonValue
    public String toString() {
      return Integer.toString(dimensions);
    }
  }

  /**
   * A share of what all heads and MLPs and the input of a model write.
   *
   * @param percent above 0, at most 100
   */
  record Share(BigDecimal percent) implements WriteBudget {
    /** Refuses what is no share. */
    public Share {
      if (percent.signum() <= 0 || percent.compareTo(BigDecimal.valueOf(100)) > 0) {
        throw new IllegalArgumentException(
            "write budget " + percent + " %: expected above 0 %, at most 100 %");
      }
    }

    @Override
    public int in(ModelConfig config) {
      return percent.multiply(BigDecimal.valueOf(whole(config))).movePointLeft(2).intValue();
    }

    @Override
    @JsonValue
    public String toString() {
      return percent.toPlainString() + " %";
    }
  }

  /** Returns the budget of the published circuits. */
  static WriteBudget standard() {
    return new Standard();
  }

  /**
   * Reads a budget: the reverse of {@code toString}.
   *
   * @throws IllegalArgumentException if the text is none
   */
  @JsonCreator
  static WriteBudget parse(String text) {
    var plain = text.strip();
    if (plain.equals(Texts.STANDARD)) {
      return standard();
    }
    if (Texts.WIDTH.matcher(plain).matches()) {
      return new Width(Integer.parseInt(plain));
    }
    var share = Texts.SHARE.matcher(plain);
    if (share.matches()) {
      return new Share(new BigDecimal(share.group(1)));
    }
    throw new IllegalArgumentException(
        "write budget \""
            + text
            + "\": expected standard, a whole number of dimensions such as 11200, or a share of"
            + " the model such as 60 %");
  }

  /** Returns a number of dimensions, which specifications write without quotes. */
  @JsonCreator
  static WriteBudget of(int dimensions) {
    return new Width(dimensions);
  }

  /** Returns how many dimensions that is for a model. */
  int in(ModelConfig config);

  /** Returns what all nodes of a model write together, the input counted. */
  static long whole(ModelConfig config) {
    var costs = WriteCosts.of(config);
    long layer = 1L * config.nHeads() * costs.head() + costs.mlp();
    return costs.input() + config.nLayers() * layer;
  }

  /** What the texts look like. */
  final class Texts {
    private static final String STANDARD = "standard";
    private static final Pattern WIDTH = Pattern.compile("\\d{1,9}");
    private static final Pattern SHARE = Pattern.compile("(\\d{1,3}(?:\\.\\d{1,30})?)\\s*%");

    private Texts() {}
  }
}
