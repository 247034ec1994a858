package dev.loupe.circuit.run;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.GraphShape;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.stream.IntStream;

/** What of a model is ablated where it is outside a circuit. */
public enum Granularity {
  /** Every edge for itself. */
  EDGE,
  /**
   * Whole heads and MLPs, at their output: those of the circuit read all that is left of what comes
   * before them. The input is always left.
   */
  NODE,
  /** Whole heads alone, as Wang et al. (2022) do: MLPs and the input are always left. */
  HEAD;

  /**
   * Reads {@code edge}, {@code node} or {@code head}: the reverse of {@code toString}.
   *
   * @throws IllegalArgumentException if the text is none of these
   */
  @JsonCreator
  public static Granularity parse(String text) {
    return Arrays.stream(values())
        .filter(each -> each.toString().equals(text.strip()))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "granularity \"" + text + "\": expected one of " + List.of(values())));
  }

  /**
   * Returns the edges that are left of a model where a circuit is: at the level of edges its own,
   * else all between the nodes that it has an edge of and those that are always left.
   */
  public EdgeSet left(EdgeSet circuit) {
    return this == EDGE ? circuit : left(circuit.shape(), circuit.nodes().nodes());
  }

  /**
   * Returns the edges that are left of a model where a circuit is given by its nodes.
   *
   * @throws IllegalArgumentException if the model lacks a node
   */
  public EdgeSet left(GraphShape shape, Collection<CircuitNode> nodes) {
    var all = new TreeSet<>(nodes);
    if (this != EDGE) {
      all.add(CircuitNode.input());
    }
    if (this == HEAD) {
      IntStream.range(0, shape.layers()).forEach(layer -> all.add(CircuitNode.mlp(layer)));
    }
    return EdgeSet.between(shape, all);
  }

  /** Tells whether a node is ablated where it is outside; at the level of edges none is. */
  boolean ablates(CircuitNode node) {
    return switch (node) {
      case CircuitNode.Input _ -> false;
      case CircuitNode.OfHead _ -> this != EDGE;
      case CircuitNode.OfMlp _ -> this == NODE;
    };
  }

  @Override
  @JsonValue
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
