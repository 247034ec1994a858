package dev.loupe.model;

import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;

/**
 * Everything about the shape of a model. The forward pass knows this and no family names.
 *
 * @param family the {@code model_type} it was read from
 * @param nLayers blocks
 * @param nHeads query heads a block
 * @param nKeyValueHeads key and value heads a block; a divisor of {@code nHeads}
 * @param dModel width of the residual stream
 * @param dHead width of a head
 * @param dMlp neurons a block
 * @param dVocab tokens
 * @param nCtx longest sequence, in tokens
 * @param norm how the residual stream is normalised
 * @param eps what the norm adds under its root
 * @param positions how positions enter
 * @param activation the non-linearity of the MLPs
 * @param gatedMlp whether the MLP multiplies by a linear branch ({@code hook_pre_linear})
 * @param parallelBlocks whether attention and MLP both read {@code resid_pre}
 * @param attentionScale what attention scores are divided by, in block 0
 * @param scaleByLayer whether block L divides by {@code attentionScale * (L + 1)}
 * @param windows for each block how many tokens back a position sees, itself counted; 0 means all
 * @param tiedEmbeddings whether the stored unembedding is the embedding again
 * @param bosToken the beginning-of-sequence token of the config, if it names one
 * @param eosTokens the end-of-sequence tokens of the config, any of which ends a text
 */
public record ModelConfig(
    String family,
    int nLayers,
    int nHeads,
    int nKeyValueHeads,
    int dModel,
    int dHead,
    int dMlp,
    int dVocab,
    int nCtx,
    Norm norm,
    double eps,
    Positions positions,
    Activation activation,
    boolean gatedMlp,
    boolean parallelBlocks,
    double attentionScale,
    boolean scaleByLayer,
    List<Integer> windows,
    boolean tiedEmbeddings,
    OptionalLong bosToken,
    List<Long> eosTokens) {

  /**
   * Refuses a shape that no model can have.
   *
   * @throws IllegalArgumentException naming the field, the value and what was expected
   */
  public ModelConfig {
    positive("n_layers", nLayers);
    positive("n_heads", nHeads);
    positive("n_key_value_heads", nKeyValueHeads);
    positive("d_model", dModel);
    positive("d_head", dHead);
    positive("d_mlp", dMlp);
    positive("d_vocab", dVocab);
    positive("n_ctx", nCtx);
    if (nHeads % nKeyValueHeads != 0) {
      throw new IllegalArgumentException(
          "n_key_value_heads " + nKeyValueHeads + ": expected a divisor of n_heads " + nHeads);
    }
    if (!(eps >= 0) || eps > 1) {
      throw new IllegalArgumentException("eps " + eps + ": expected from 0 to 1");
    }
    if (!(attentionScale > 0) || Double.isInfinite(attentionScale)) {
      throw new IllegalArgumentException(
          "attention scale " + attentionScale + ": expected a positive number");
    }
    if (positions instanceof Positions.Rotary rotary && rotary.dims() > dHead) {
      throw new IllegalArgumentException(
          "rotary dimensions " + rotary.dims() + ": expected at most d_head " + dHead);
    }
    windows = List.copyOf(windows);
    eosTokens = List.copyOf(eosTokens);
    if (windows.size() != nLayers || windows.stream().anyMatch(w -> w < 0)) {
      throw new IllegalArgumentException(
          "windows " + windows + ": expected " + nLayers + " numbers from 0");
    }
  }

  /** Returns windows that see everything, for {@code nLayers} blocks. */
  public static List<Integer> globalWindows(int nLayers) {
    return Collections.nCopies(Math.max(0, nLayers), 0);
  }

  /** Tells whether queries and keys are turned by their positions. */
  public boolean isRotary() {
    return positions instanceof Positions.Rotary;
  }

  /** Tells whether several query heads share a key and value head. */
  public boolean isGrouped() {
    return nKeyValueHeads != nHeads;
  }

  /** Returns what the attention scores of block {@code layer} are divided by. */
  public double attentionScale(int layer) {
    return scaleByLayer ? attentionScale * (layer + 1) : attentionScale;
  }

  /**
   * Resolves a layer that may be negative, -1 the last.
   *
   * @throws IllegalArgumentException if there is no such layer
   */
  public int layer(int layer) {
    int at = layer < 0 ? layer + nLayers : layer;
    if (at < 0 || at >= nLayers) {
      throw new IllegalArgumentException(
          "layer " + layer + ": this model has layers 0 to " + (nLayers - 1));
    }
    return at;
  }

  private static void positive(String field, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(field + " " + value + ": expected 1 or more");
    }
  }
}
