package dev.loupe.circuit;

import dev.loupe.model.ModelConfig;
import java.util.Collection;

/**
 * What nodes write, in dimensions of the residual stream: an MLP and the input the whole width, a
 * head its share of it.
 *
 * <p>A head writes into as many dimensions as its z has. In the models of the published circuits,
 * and in most, that is d_model / n_heads; where it is not, d_head is what the head can reach.
 *
 * @param head of a head: d_head
 * @param mlp of an MLP: d_model
 * @param input of the input: d_model, or 0 where it is not counted
 */
public record WriteCosts(int head, int mlp, int input) {
  /** Refuses heads and MLPs that write nothing, and a negative cost. */
  public WriteCosts {
    if (head < 1 || mlp < 1 || input < 0) {
      throw new IllegalArgumentException(
          "write costs of a head %d, an MLP %d, the input %d: expected at least 1, 1 and 0"
              .formatted(head, mlp, input));
    }
  }

  /** Returns those of a model, the input counted. */
  public static WriteCosts of(ModelConfig config) {
    return new WriteCosts(config.dHead(), config.dModel(), config.dModel());
  }

  /** Returns these with an input that costs nothing. */
  public WriteCosts withFreeInput() {
    return new WriteCosts(head, mlp, 0);
  }

  /** Returns what a node writes. */
  public int of(CircuitNode node) {
    return switch (node) {
      case CircuitNode.Input _ -> input;
      case CircuitNode.OfHead _ -> head;
      case CircuitNode.OfMlp _ -> mlp;
    };
  }

  /** Returns what nodes write together. */
  public int of(Collection<CircuitNode> nodes) {
    return nodes.stream().mapToInt(this::of).reduce(0, Math::addExact);
  }
}
