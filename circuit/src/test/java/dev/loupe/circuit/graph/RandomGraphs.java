package dev.loupe.circuit.graph;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;

/** Small graphs with drawn scores, of few different values so that there are ties. */
final class RandomGraphs {
  private RandomGraphs() {}

  static GraphShape shape(Random random) {
    return new GraphShape(1 + random.nextInt(3), 1 + random.nextInt(3), random.nextBoolean(), 8);
  }

  static EdgeScores scores(GraphShape shape, Random random) {
    return EdgeScores.of(shape, values(shape.edges(), random));
  }

  static double[] values(int n, Random random) {
    int different = 2 + random.nextInt(40);
    return IntStream.range(0, n)
        .mapToDouble(_ -> (random.nextInt(2 * different) - different) / 8.0)
        .toArray();
  }

  static EdgeSet edges(GraphShape shape, Random random) {
    double share = random.nextDouble();
    return EdgeSet.of(
        shape, IntStream.range(0, shape.edges()).filter(_ -> random.nextDouble() < share));
  }

  static EdgeSet parse(GraphShape shape, String... edges) {
    return EdgeSet.of(shape, Arrays.stream(edges).mapToInt(edge -> shape.number(Edge.parse(edge))));
  }

  /** The slow way: take out what has lost its source or its target until nothing changes. */
  static EdgeSet pruned(EdgeSet edges) {
    var shape = edges.shape();
    var left = edges;
    while (true) {
      var now = left;
      var next =
          EdgeSet.of(
              shape,
              now.numbers()
                  .filter(edge -> {
                    int source = shape.sourceOf(edge);
                    int owner = EdgeSet.owner(shape, shape.targetOf(edge));
                    boolean comes =
                        source == 0
                            || now.numbers()
                                .anyMatch(e -> EdgeSet.owner(shape, shape.targetOf(e)) == source);
                    boolean goes =
                        owner < 0 || now.numbers().anyMatch(e -> shape.sourceOf(e) == owner);
                    return comes && goes;
                  }));
      if (next.equals(left)) {
        return left;
      }
      left = next;
    }
  }
}
