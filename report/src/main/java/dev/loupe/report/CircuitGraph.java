package dev.loupe.report;

import java.util.List;

/**
 * Draw a circuit: its parts layer by layer, the input below and the logits above, and what passes
 * between them.
 *
 * @param title what it is
 * @param layers how many layers the model has
 * @param nodes at least one, each id once
 * @param edges between them; may be empty
 */
public record CircuitGraph(String title, int layers, List<Node> nodes, List<Edge> edges)
    implements Block {

  /**
   * Place a part of the model.
   *
   * @param id as the field writes it: {@code a9.h6}, {@code m3}, {@code input}, {@code logits}
   * @param layer its block, from 0; -1 of the input, the number of layers of the logits
   * @param kind what it is
   * @param group what it does, such as {@code name mover}; nodes of a group share a colour; may be
   *     empty
   * @param explanation what a reader learns when pointing at it; may be empty
   */
  public record Node(String id, int layer, Kind kind, String group, String explanation) {
    /** Refuse a blank id with {@link IllegalArgumentException}. */
    public Node {
      Check.notBlank("id of a node", id);
    }
  }

  /** Tell heads from MLPs and from the ends. */
  public enum Kind {
    INPUT,
    HEAD,
    MLP,
    LOGITS
  }

  /**
   * Join two parts.
   *
   * @param from id of the lower node
   * @param to id of the upper node
   * @param weight how much passes; its sign is shown by colour and dash, its size by width
   * @param explanation what a reader learns when pointing at it; may be empty
   */
  public record Edge(String from, String to, double weight, String explanation) {}

  /** Copy the lists; refuse a graph of nothing with {@link IllegalArgumentException}. */
  public CircuitGraph {
    Check.notBlank("title of a circuit", title);
    nodes = List.copyOf(nodes);
    edges = List.copyOf(edges);
    Check.notEmpty("nodes of '" + title + "'", nodes);
  }
}
