package dev.loupe.circuit.graph;

import dev.loupe.circuit.CircuitNode;
import java.util.BitSet;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.stream.IntStream;

/** Edges that grow from the logits, the best of those within reach first. */
final class GreedyGrowth {
  private final GraphShape shape;
  private final PriorityQueue<Integer> within;
  private final BitSet reached = new BitSet();

  private GreedyGrowth(EdgeScores scores, Ranking ranking) {
    shape = scores.shape();
    within =
        new PriorityQueue<>(
            Comparator.comparingDouble((Integer edge) -> -ranking.of(scores.score(edge)))
                .thenComparing(Comparator.naturalOrder()));
  }

  static EdgeSet from(EdgeScores scores, Ranking ranking, int n) {
    var growth = new GreedyGrowth(scores, ranking);
    growth.reach(growth.shape.targets() - 1);
    // Every source writes to the logits, so that there is always a next one.
    return EdgeSet.of(growth.shape, IntStream.range(0, n).map(_ -> growth.next()));
  }

  private int next() {
    int edge = within.remove();
    int source = shape.sourceOf(edge);
    if (!reached.get(source)) {
      reached.set(source);
      switch (shape.source(source)) {
        case CircuitNode.Input _ -> {}
        case CircuitNode.OfMlp(var layer) -> reach(shape.number(new EdgeTarget.OfMlp(layer)));
        case CircuitNode.OfHead(var head) ->
            EdgeTarget.Input.ALL.forEach(
                input -> reach(shape.number(new EdgeTarget.OfHead(head, input))));
      }
    }
    return edge;
  }

  private void reach(int target) {
    for (int source = 0; source < shape.reads(target); source++) {
      within.add(shape.edge(source, target));
    }
  }
}
