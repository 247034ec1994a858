package dev.loupe.lens.sweep;

import dev.loupe.lens.At;
import dev.loupe.lens.Head;
import dev.loupe.model.ModelConfig;

/** What a path ends in: an input that reads the residual stream. */
public sealed interface Receiver {
  /** Returns at which positions it receives; at others it reads the base run. */
  At at();

  /** Returns this receiver at other positions. */
  Receiver at(At positions);

  /**
   * Checks that a model has this receiver.
   *
   * @throws IllegalArgumentException saying what it has
   */
  Receiver requireIn(ModelConfig config);

  /** Which input of a head. */
  enum Role {
    /** What its queries read. */
    QUERY("q"),
    /** What its keys read. */
    KEY("k"),
    /** What its values read. */
    VALUE("v");

    private final String letter;

    Role(String letter) {
      this.letter = letter;
    }
  }

  /**
   * An input of a head.
   *
   * @param role which of its inputs
   * @param head of a query the head; of keys and values the key and value head, which several heads
   *     share in a model of grouped keys
   * @param at positions
   */
  record HeadInput(Role role, Head head, At at) implements Receiver {
    @Override
    public HeadInput at(At positions) {
      return new HeadInput(role, head, positions);
    }

    @Override
    public HeadInput requireIn(ModelConfig config) {
      int heads = role == Role.QUERY ? config.nHeads() : config.nKeyValueHeads();
      if (head.layer() >= config.nLayers() || head.index() >= heads) {
        throw new IllegalArgumentException(
            this
                + ": this model has layers 0 to "
                + (config.nLayers() - 1)
                + " of "
                + (role == Role.QUERY ? "heads" : "key and value heads")
                + " 0 to "
                + (heads - 1));
      }
      return this;
    }

    @Override
    public String toString() {
      return head + "." + role.letter + where(at);
    }
  }

  /**
   * The input of an MLP.
   *
   * @param layer its block, from 0
   * @param at positions
   */
  record Mlp(int layer, At at) implements Receiver {
    @Override
    public Mlp at(At positions) {
      return new Mlp(layer, positions);
    }

    @Override
    public Mlp requireIn(ModelConfig config) {
      if (layer < 0 || layer >= config.nLayers()) {
        throw new IllegalArgumentException(
            this + ": this model has layers 0 to " + (config.nLayers() - 1));
      }
      return this;
    }

    @Override
    public String toString() {
      return "MLP " + layer + where(at);
    }
  }

  /**
   * The residual stream after the last block, as the final norm reads it. At its positions nothing
   * that other receivers do is left to be seen.
   *
   * @param at positions
   */
  record FinalResidual(At at) implements Receiver {
    @Override
    public FinalResidual at(At positions) {
      return new FinalResidual(positions);
    }

    @Override
    public FinalResidual requireIn(ModelConfig config) {
      return this;
    }

    @Override
    public String toString() {
      return "final residual" + where(at);
    }
  }

  private static String where(At at) {
    return at instanceof At.All ? "" : " at " + at;
  }

  /** Returns the input of a head's queries at every position. */
  static Receiver q(Head head) {
    return new HeadInput(Role.QUERY, head, At.all());
  }

  /** Returns the input of a key and value head's keys at every position. */
  static Receiver k(Head keyValueHead) {
    return new HeadInput(Role.KEY, keyValueHead, At.all());
  }

  /** Returns the input of a key and value head's values at every position. */
  static Receiver v(Head keyValueHead) {
    return new HeadInput(Role.VALUE, keyValueHead, At.all());
  }

  /** Returns the input of an MLP at every position. */
  static Receiver mlp(int layer) {
    return new Mlp(layer, At.all());
  }

  /** Returns the final residual stream at every position. */
  static Receiver finalResidual() {
    return new FinalResidual(At.all());
  }
}
