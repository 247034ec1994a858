package dev.loupe.lens;

import dev.loupe.model.ModelConfig;

/**
 * An attention head.
 *
 * @param layer the block, from 0
 * @param index the head within it, from 0
 */
public record Head(int layer, int index) {
  /** Refuses negative numbers. */
  public Head {
    if (layer < 0 || index < 0) {
      throw new IllegalArgumentException(
          "head " + index + " of layer " + layer + ": both are counted from 0");
    }
  }

  /**
   * Checks that a model has this head.
   *
   * @throws IllegalArgumentException saying which heads it has
   */
  public Head requireIn(ModelConfig config) {
    if (layer >= config.nLayers() || index >= config.nHeads()) {
      throw new IllegalArgumentException(
          this
              + ": this model has layers 0 to "
              + (config.nLayers() - 1)
              + " of heads 0 to "
              + (config.nHeads() - 1));
    }
    return this;
  }

  /** Returns the field's short form: {@code L9H6}. */
  @Override
  public String toString() {
    return "L" + layer + "H" + index;
  }
}
