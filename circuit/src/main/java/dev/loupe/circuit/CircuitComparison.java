package dev.loupe.circuit;

import dev.loupe.lens.Estimate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a circuit compares with an earlier one.
 *
 * @param matching nodes of both, in the order of {@link CircuitNode}
 * @param onlyHere nodes that the earlier one lacks
 * @param onlyThere nodes of the earlier one alone
 * @param moved nodes of both that stand elsewhere among the matching ones of their list
 */
public record CircuitComparison(
    List<CircuitNode> matching,
    List<Mismatch> onlyHere,
    List<Mismatch> onlyThere,
    List<Moved> moved) {

  /**
   * What a node was chosen by.
   *
   * @param score the score
   * @param rank 1 is the best
   * @param of how many were ranked with it
   */
  public record Rank(Estimate score, int rank, int of) {}

  /**
   * A node of one circuit alone.
   *
   * @param node the node
   * @param rank its score and rank here; empty where it was not ranked
   */
  public record Mismatch(CircuitNode node, Optional<Rank> rank) {}

  /**
   * A node that the two list at different places.
   *
   * @param node the node
   * @param here its place among the matching nodes of this circuit, from 1
   * @param there its place among those of the earlier one, from 1
   */
  public record Moved(CircuitNode node, int here, int there) {}

  /** Copies the lists. */
  public CircuitComparison {
    matching = List.copyOf(matching);
    onlyHere = List.copyOf(onlyHere);
    onlyThere = List.copyOf(onlyThere);
    moved = List.copyOf(moved);
  }

  /**
   * Compares two lists of nodes, each in its own order.
   *
   * @param here each node once
   * @param there the earlier one, each node once
   * @param ranks what nodes were chosen by here
   */
  public static CircuitComparison of(
      List<CircuitNode> here, List<CircuitNode> there, Map<CircuitNode, Rank> ranks) {
    var mine = new HashSet<>(here);
    var theirs = new HashSet<>(there);
    var common = here.stream().filter(theirs::contains).toList();
    var commonThere = there.stream().filter(mine::contains).toList();
    var moved = new ArrayList<Moved>();
    for (int i = 0; i < common.size(); i++) {
      int at = commonThere.indexOf(common.get(i));
      if (at != i) {
        moved.add(new Moved(common.get(i), i + 1, at + 1));
      }
    }
    return new CircuitComparison(
        common.stream().sorted().toList(),
        without(here, theirs, ranks),
        without(there, mine, ranks),
        moved);
  }

  private static List<Mismatch> without(
      List<CircuitNode> nodes, HashSet<CircuitNode> others, Map<CircuitNode, Rank> ranks) {
    return nodes.stream()
        .filter(node -> !others.contains(node))
        .sorted()
        .map(node -> new Mismatch(node, Optional.ofNullable(ranks.get(node))))
        .toList();
  }

  /** Returns the share of the nodes of either that are in both; NaN of two without nodes. */
  public double jaccard() {
    return share(matching.size() + onlyHere.size() + onlyThere.size());
  }

  /** Returns the share of the nodes here that the earlier one has; NaN without nodes. */
  public double precision() {
    return share(matching.size() + onlyHere.size());
  }

  /** Returns the share of the earlier one's nodes that are here; NaN without nodes. */
  public double recall() {
    return share(matching.size() + onlyThere.size());
  }

  private double share(int of) {
    return of == 0 ? Double.NaN : (double) matching.size() / of;
  }
}
