package dev.loupe.circuit.graph;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.lens.Head;
import dev.loupe.model.ModelConfig;

/**
 * The graph of a model's residual stream, which its shape decides: sources {@code input}, heads and
 * MLPs, targets the inputs of heads, MLPs and {@code logits}, and an edge from each source to each
 * target after it. Sources and targets are numbered from 0 in the order of the field's files: layer
 * by layer, heads before the MLP. Edges are numbered source by source. What a target reads are the
 * sources 0 to {@link #reads} - 1. GPT-2 small has 157 sources (the 158 nodes of its files count
 * the logits), 445 targets and 32,491 edges.
 *
 * @param layers blocks
 * @param heads of each block
 * @param parallel whether a block's MLP reads what its attention reads
 * @param dModel width of the stream
 */
public record GraphShape(int layers, int heads, boolean parallel, int dModel) {
  /** Refuses shapes that no model has. */
  public GraphShape {
    if (layers < 1 || heads < 1 || dModel < 1) {
      throw new IllegalArgumentException(
          "%d layers, %d heads, d_model %d: expected 1 or more of each"
              .formatted(layers, heads, dModel));
    }
  }

  /** Returns the shape of a model. */
  public static GraphShape of(ModelConfig config) {
    return new GraphShape(
        config.nLayers(), config.nHeads(), config.parallelBlocks(), config.dModel());
  }

  /**
   * Checks that another graph has the same edges.
   *
   * @throws IllegalArgumentException saying how they differ
   */
  public GraphShape requireSame(GraphShape other) {
    if (!equals(other)) {
      throw new IllegalArgumentException(
          "a graph of %s beside one of %s: expected the same shape of both"
              .formatted(words(), other.words()));
    }
    return this;
  }

  private String words() {
    return "%d layers, %d heads, d_model %d, %s blocks"
        .formatted(layers, heads, dModel, parallel ? "parallel" : "sequential");
  }

  /** Returns how many sources there are. */
  public int sources() {
    return 1 + layers * (heads + 1);
  }

  /** Returns how many targets there are. */
  public int targets() {
    return layers * (3 * heads + 1) + 1;
  }

  /** Returns how many nodes there are, the logits among them. */
  public int nodes() {
    return sources() + 1;
  }

  /** Returns how many edges there are. */
  public int edges() {
    return edge(sources() - 1, targets() - 1) + 1;
  }

  /** Returns how many sources a target reads: those before it. */
  public int reads(int target) {
    requireTarget(target);
    int layer = target / (3 * heads + 1);
    if (layer == layers) {
      return sources();
    }
    boolean isMlp = target % (3 * heads + 1) == 3 * heads;
    return 1 + layer * (heads + 1) + (isMlp && !parallel ? heads : 0);
  }

  /** Returns the first target that reads a source; it and all after it do. */
  public int firstTarget(int source) {
    requireSource(source);
    if (source == 0) {
      return 0;
    }
    int layer = (source - 1) / (heads + 1);
    boolean isMlp = (source - 1) % (heads + 1) == heads;
    return layer * (3 * heads + 1) + (isMlp || parallel ? 3 * heads + 1 : 3 * heads);
  }

  /**
   * Returns the number of an edge.
   *
   * @throws IllegalArgumentException if the target does not read the source
   */
  public int edge(int source, int target) {
    int first = firstTarget(source);
    if (target < first) {
      throw new IllegalArgumentException(
          "edge "
              + source(source)
              + "->"
              + target(target)
              + ": a model has no such edge, as the"
              + " target comes before the source");
    }
    requireTarget(target);
    return before(source) + target - first;
  }

  // Edges of the sources before one: of the heads of a block all have as many, and those of the
  // next block fewer by the targets of a block.
  private int before(int source) {
    if (source == 0) {
      return 0;
    }
    int layer = (source - 1) / (heads + 1);
    int fewer = (heads + 1) * (3 * heads + 1) * (layer * (layer - 1) / 2);
    int inLayer = (source - 1) % (heads + 1);
    return targets()
        + layer * (heads * edgesOf(1) + edgesOf(heads + 1))
        - fewer
        + inLayer * edgesOf(1 + layer * (heads + 1));
  }

  private int edgesOf(int source) {
    return targets() - firstTarget(source);
  }

  /** Returns the source of an edge. */
  public int sourceOf(int edge) {
    requireEdge(edge);
    int low = 0;
    int high = sources() - 1;
    while (low < high) {
      int middle = (low + high + 1) / 2;
      if (before(middle) <= edge) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  /** Returns the target of an edge. */
  public int targetOf(int edge) {
    int source = sourceOf(edge);
    return edge - before(source) + firstTarget(source);
  }

  /** Returns an edge by its number. */
  public Edge edge(int edge) {
    return new Edge(source(sourceOf(edge)), target(targetOf(edge)));
  }

  /**
   * Returns the number of an edge.
   *
   * @throws IllegalArgumentException if the model lacks it
   */
  public int number(Edge edge) {
    return edge(number(edge.source()), number(edge.target()));
  }

  /** Returns a source by its number. */
  public CircuitNode source(int source) {
    requireSource(source);
    if (source == 0) {
      return CircuitNode.input();
    }
    int layer = (source - 1) / (heads + 1);
    int head = (source - 1) % (heads + 1);
    return head == heads ? CircuitNode.mlp(layer) : CircuitNode.of(new Head(layer, head));
  }

  /** Returns a target by its number. */
  public EdgeTarget target(int target) {
    requireTarget(target);
    int layer = target / (3 * heads + 1);
    int place = target % (3 * heads + 1);
    if (layer == layers) {
      return new EdgeTarget.Logits();
    }
    return place == 3 * heads
        ? new EdgeTarget.OfMlp(layer)
        : new EdgeTarget.OfHead(new Head(layer, place / 3), EdgeTarget.Input.ALL.get(place % 3));
  }

  /**
   * Returns the number of a source.
   *
   * @throws IllegalArgumentException if the model lacks it
   */
  public int number(CircuitNode node) {
    return switch (node) {
      case CircuitNode.Input() -> 0;
      case CircuitNode.OfHead(var head) -> 1 + required(head).layer() * (heads + 1) + head.index();
      case CircuitNode.OfMlp(var layer) -> (required(layer, node) + 1) * (heads + 1);
    };
  }

  /**
   * Returns the number of a target.
   *
   * @throws IllegalArgumentException if the model lacks it
   */
  public int number(EdgeTarget target) {
    return switch (target) {
      case EdgeTarget.OfHead(var head, var input) ->
          required(head).layer() * (3 * heads + 1)
              + 3 * head.index()
              + EdgeTarget.Input.ALL.indexOf(input);
      case EdgeTarget.OfMlp(var layer) -> required(layer, target) * (3 * heads + 1) + 3 * heads;
      case EdgeTarget.Logits() -> targets() - 1;
    };
  }

  private Head required(Head head) {
    if (head.layer() >= layers || head.index() >= heads) {
      throw new IllegalArgumentException(
          "node %s: this model has a0.h0 to a%d.h%d"
              .formatted(CircuitNode.of(head), layers - 1, heads - 1));
    }
    return head;
  }

  private int required(int layer, Object node) {
    if (layer < 0 || layer >= layers) {
      throw new IllegalArgumentException(
          "node %s: this model has m0 to m%d".formatted(node, layers - 1));
    }
    return layer;
  }

  private void requireSource(int source) {
    if (source < 0 || source >= sources()) {
      throw new IllegalArgumentException(
          "source %d: expected 0 to %d".formatted(source, sources() - 1));
    }
  }

  private void requireTarget(int target) {
    if (target < 0 || target >= targets()) {
      throw new IllegalArgumentException(
          "target %d: expected 0 to %d".formatted(target, targets() - 1));
    }
  }

  private void requireEdge(int edge) {
    if (edge < 0 || edge >= edges()) {
      throw new IllegalArgumentException("edge %d: expected 0 to %d".formatted(edge, edges() - 1));
    }
  }
}
