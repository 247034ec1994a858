package dev.loupe.circuit.graph;

import java.util.BitSet;
import java.util.stream.IntStream;

/** Takes out of a circuit what cannot matter in it. */
public final class Pruning {
  private Pruning() {}

  /**
   * Returns those of some edges that lie on a path of them from the input to the logits. Others
   * hang: from their source nothing of the input comes, or to the logits nothing goes. A head
   * passes on what any of its inputs reads.
   */
  public static EdgeSet of(EdgeSet edges) {
    var shape = edges.shape();
    var numbers = edges.numbers().toArray();
    var sources = new int[numbers.length];
    var owners = new int[numbers.length];
    var fromInput = new BitSet();
    fromInput.set(0);
    // Edges come by their source, and a source comes after all that it reads: once is enough.
    for (int i = 0; i < numbers.length; i++) {
      sources[i] = shape.sourceOf(numbers[i]);
      owners[i] = EdgeSet.owner(shape, shape.targetOf(numbers[i]));
      if (owners[i] >= 0 && fromInput.get(sources[i])) {
        fromInput.set(owners[i]);
      }
    }
    var toLogits = new BitSet();
    for (int i = numbers.length - 1; i >= 0; i--) {
      if (owners[i] < 0 || toLogits.get(owners[i])) {
        toLogits.set(sources[i]);
      }
    }
    return EdgeSet.of(
        shape,
        IntStream.range(0, numbers.length)
            .filter(i -> fromInput.get(sources[i]))
            .filter(i -> owners[i] < 0 || toLogits.get(owners[i]))
            .map(i -> numbers[i]));
  }
}
