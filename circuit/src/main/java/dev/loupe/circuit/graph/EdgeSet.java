package dev.loupe.circuit.graph;

import dev.loupe.circuit.Circuit;
import dev.loupe.circuit.CircuitNode;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.stream.IntStream;

/** A circuit as a set of edges. */
public final class EdgeSet {
  private final GraphShape shape;
  private final BitSet edges;

  private EdgeSet(GraphShape shape, BitSet edges) {
    this.shape = shape;
    this.edges = edges;
  }

  /** Returns the set of no edges. */
  public static EdgeSet none(GraphShape shape) {
    return new EdgeSet(shape, new BitSet());
  }

  /** Returns the set of all edges. */
  public static EdgeSet all(GraphShape shape) {
    var edges = new BitSet();
    edges.set(0, shape.edges());
    return new EdgeSet(shape, edges);
  }

  /**
   * Returns the set of these edges.
   *
   * @param edges their numbers
   * @throws IllegalArgumentException if a number is no edge's
   */
  public static EdgeSet of(GraphShape shape, IntStream edges) {
    var set = new BitSet();
    edges.forEach(edge -> {
      if (edge < 0 || edge >= shape.edges()) {
        throw new IllegalArgumentException(
            "edge %d: expected 0 to %d".formatted(edge, shape.edges() - 1));
      }
      set.set(edge);
    });
    return new EdgeSet(shape, set);
  }

  /**
   * Returns every edge between these nodes, and from them to the logits: a circuit that is given by
   * its nodes.
   *
   * @throws IllegalArgumentException if the model lacks a node
   */
  public static EdgeSet between(GraphShape shape, Collection<CircuitNode> nodes) {
    var sources = new BitSet();
    nodes.forEach(node -> sources.set(shape.number(node)));
    return of(
        shape,
        sources.stream()
            .flatMap(source ->
                IntStream.range(shape.firstTarget(source), shape.targets())
                    .filter(target -> owner(shape, target) < 0 || sources.get(owner(shape, target)))
                    .map(target -> shape.edge(source, target))));
  }

  /** Returns the source that a target belongs to; -1 for the logits. */
  static int owner(GraphShape shape, int target) {
    return switch (shape.target(target)) {
      case EdgeTarget.OfHead(var head, _) -> shape.number(CircuitNode.of(head));
      case EdgeTarget.OfMlp(var layer) -> shape.number(CircuitNode.mlp(layer));
      case EdgeTarget.Logits() -> -1;
    };
  }

  /** Returns the graph that these are edges of. */
  public GraphShape shape() {
    return shape;
  }

  /** Returns how many edges there are. */
  public int size() {
    return edges.cardinality();
  }

  /** Tells whether an edge is among them. */
  public boolean has(int edge) {
    return edges.get(edge);
  }

  /** Returns the numbers of the edges, ascending. */
  public IntStream numbers() {
    return edges.stream();
  }

  /** Returns these without some. */
  public EdgeSet without(EdgeSet others) {
    var left = (BitSet) edges.clone();
    left.andNot(others.edges);
    return new EdgeSet(shape, left);
  }

  /** Returns these and others. */
  public EdgeSet with(EdgeSet others) {
    var both = (BitSet) edges.clone();
    both.or(others.edges);
    return new EdgeSet(shape, both);
  }

  /** Returns the nodes that an edge begins or ends at, the logits aside. */
  public Circuit nodes() {
    var found = new BitSet();
    numbers()
        .forEach(edge -> {
          found.set(shape.sourceOf(edge));
          int owner = owner(shape, shape.targetOf(edge));
          if (owner >= 0) {
            found.set(owner);
          }
        });
    List<CircuitNode> nodes = new ArrayList<>();
    found.stream().forEach(source -> nodes.add(shape.source(source)));
    return new Circuit(nodes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof EdgeSet set && set.shape.equals(shape) && set.edges.equals(edges);
  }

  @Override
  public int hashCode() {
    return edges.hashCode();
  }

  @Override
  public String toString() {
    return size() + " of " + shape.edges() + " edges";
  }
}
