package dev.loupe.circuit;

import dev.loupe.lens.Head;

/** A part of a model that writes into the residual stream. */
public sealed interface CircuitNode {
  /** The embedding, by which the input comes in. */
  record Input() implements CircuitNode {
    @Override
    public String toString() {
      return "input";
    }
  }

  /**
   * An attention head.
   *
   * @param head which
   */
  record OfHead(Head head) implements CircuitNode {
    @Override
    public String toString() {
      return "a" + head.layer() + ".h" + head.index();
    }
  }

  /**
   * An MLP.
   *
   * @param layer its block, from 0
   */
  record OfMlp(int layer) implements CircuitNode {
    /** Refuses a negative layer. */
    public OfMlp {
      if (layer < 0) {
        throw new IllegalArgumentException("MLP of layer " + layer + ": layers count from 0");
      }
    }

    @Override
    public String toString() {
      return "m" + layer;
    }
  }
}
