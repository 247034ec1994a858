package dev.loupe.circuit.score;

import dev.loupe.circuit.graph.GraphShape;
import java.util.ArrayList;
import java.util.List;

/**
 * Sources whose way from corrupted to clean is gone together.
 *
 * @param from the first
 * @param to the last, excluded
 */
record Group(int from, int to) {
  /** Returns all sources. */
  static Group all(GraphShape shape) {
    return new Group(0, shape.sources());
  }

  /** Returns the input, the heads of each block and each MLP. */
  static List<Group> each(GraphShape shape) {
    var groups = new ArrayList<Group>();
    groups.add(new Group(0, 1));
    for (int layer = 0; layer < shape.layers(); layer++) {
      int first = firstHead(shape, layer);
      groups.add(new Group(first, first + shape.heads()));
      groups.add(new Group(first + shape.heads(), first + shape.heads() + 1));
    }
    return groups;
  }

  static int firstHead(GraphShape shape, int layer) {
    return 1 + layer * (shape.heads() + 1);
  }

  boolean has(int source) {
    return source >= from && source < to;
  }

  int size() {
    return to - from;
  }
}
