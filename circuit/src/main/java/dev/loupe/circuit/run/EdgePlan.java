package dev.loupe.circuit.run;

import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.GraphShape;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What has to be computed for several circuits of one model. Places are numbered in the order of
 * computing: -1 is the input, 2 L are the heads of layer L, 2 L + 1 is its MLP, and twice the
 * number of layers is the logits. What only the last position of the logits depends on is computed
 * at the last position alone.
 *
 * @param readings what targets read, by number
 * @param sources the sources that are computed, by place from the input on: first those of every
 *     position, then those of the last alone
 * @param logits the number of what the logits of each circuit read
 */
record EdgePlan(List<Reading> readings, List<Place> sources, List<Integer> logits) {
  /**
   * Where what a source adds is kept: among columns of the last position, and among those of every
   * position where these are wanted, else -1.
   */
  record Column(int last, int every) {
    int at(boolean everyPosition) {
      return everyPosition ? every : last;
    }
  }

  /**
   * The input of a target: a residual stream of the clean or the ablated run, to which columns are
   * added.
   *
   * @param place of the target
   * @param factors 1 or -1, of each column
   */
  record Reading(int place, boolean clean, List<Column> columns, List<Integer> factors) {
    boolean isPlain() {
      return columns.isEmpty();
    }
  }

  /**
   * A source that is computed.
   *
   * @param head of its layer; 0 of an MLP
   * @param readings the numbers of what it reads: of a head its q, k and v
   */
  record Version(int head, List<Integer> readings) {}

  /**
   * Sources of a place that add columns, in the order of these.
   *
   * @param differences the heads of which the difference between the clean and the ablated run is
   *     wanted; 0 of an MLP and the input
   * @param versions those that are computed
   */
  record Group(List<Integer> differences, List<Version> versions) {
    boolean isEmpty() {
      return differences.isEmpty() && versions.isEmpty();
    }

    int size() {
      return differences.size() + versions.size();
    }
  }

  /** Sources of a place, those of every position and those of the last alone. */
  record Place(Group every, Group last) {
    Group of(boolean everyPosition) {
      return everyPosition ? every : last;
    }
  }

  /**
   * Plans circuits.
   *
   * @param every whether the logits of every position are read, not of the last alone
   * @throws IllegalArgumentException if one is of another graph
   */
  static EdgePlan of(GraphShape shape, boolean every, List<EdgeSet> circuits) {
    for (var circuit : circuits) {
      if (!circuit.shape().equals(shape)) {
        throw new IllegalArgumentException(
            "a circuit of another graph, " + circuit.shape() + ": expected one of " + shape);
      }
    }
    return new EdgePlanner(shape).plan(every, circuits);
  }

  /** Returns the sources of a place. */
  Place at(int place) {
    return sources.get(place + 1);
  }

  /** Returns how many columns are kept of every position or of the last. */
  int columns(boolean everyPosition) {
    return sources.stream()
        .mapToInt(place -> place.every().size() + (everyPosition ? 0 : place.last().size()))
        .sum();
  }

  /** Returns the most MLPs of every position that one layer has. */
  int mlps() {
    return IntStream.range(0, sources.size() / 2)
        .map(layer -> at(2 * layer + 1).every().versions().size())
        .max()
        .orElse(0);
  }

  /** Returns the most inputs of every position that are made at once. */
  int widest() {
    return sources.stream()
        .mapToInt(place ->
            Math.toIntExact(
                place.every().versions().stream()
                    .flatMap(version -> version.readings().stream())
                    .distinct()
                    .count()))
        .max()
        .orElse(0);
  }
}
