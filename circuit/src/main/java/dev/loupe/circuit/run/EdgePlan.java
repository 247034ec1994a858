package dev.loupe.circuit.run;

import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.GraphShape;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What has to be computed for several circuits of one model. The value of a source is the ablated
 * one, the clean one, or a version of its own, which circuits share where all that the source reads
 * is alike. Where nothing changes there is nothing to compute: a source that reads clean values
 * alone has its clean value, one that no edge brings anything to keeps the ablated one, and what
 * does not lead to the logits is left out.
 */
final class EdgePlan {
  /** The value of a source that keeps what the ablated run gives it. */
  static final int ABLATED = -1;

  /** The value of a source that is as in the clean run. */
  static final int CLEAN = -2;

  /**
   * The input of a target: a residual stream of the clean or the ablated run, to which columns are
   * added.
   *
   * @param place twice the layer, 1 more for the MLP; twice the number of layers for the logits
   * @param columns numbers of columns
   * @param factors 1 or -1, of each column
   */
  record Reading(int place, boolean clean, List<Integer> columns, List<Integer> factors) {
    boolean isPlain() {
      return columns.isEmpty();
    }
  }

  /**
   * A source that is computed.
   *
   * @param readings the numbers of what it reads: of a head its q, k and v
   * @param column where what it adds is kept
   */
  record Version(int source, List<Integer> readings, int column) {}

  /**
   * The difference of a source between the clean and the ablated run.
   *
   * @param column where it is kept
   */
  record CleanDifference(int source, int column) {}

  private record Key(int place, IntBuffer values) {}

  private record Column(int source, int value) {}

  private record Draft(int source, List<Integer> readings) {}

  private final GraphShape shape;
  private final Map<Key, Integer> readingNumbers = new HashMap<>();
  private final List<Key> keys = new ArrayList<>();
  private final Map<Draft, Integer> draftNumbers = new HashMap<>();
  private final List<Draft> drafts = new ArrayList<>();
  private final int[] logits;

  private final List<Reading> readings = new ArrayList<>();
  private final List<Version> versions = new ArrayList<>();
  private final List<CleanDifference> differences = new ArrayList<>();
  private int columns;

  private EdgePlan(GraphShape shape, List<EdgeSet> circuits) {
    this.shape = shape;
    logits = circuits.stream().mapToInt(this::add).toArray();
    settle();
  }

  /**
   * Plans circuits.
   *
   * @throws IllegalArgumentException if one is of another graph
   */
  static EdgePlan of(GraphShape shape, List<EdgeSet> circuits) {
    for (var circuit : circuits) {
      if (!circuit.shape().equals(shape)) {
        throw new IllegalArgumentException(
            "a circuit of another graph, " + circuit.shape() + ": expected one of " + shape);
      }
    }
    return new EdgePlan(shape, circuits);
  }

  // ---- What each circuit's sources are

  private int add(EdgeSet circuit) {
    var needed = needed(circuit);
    var values = new int[shape.sources()];
    Arrays.fill(values, ABLATED);
    values[0] = CLEAN;
    for (int source = 1; source < values.length; source++) {
      if (!needed.get(source)) {
        continue;
      }
      int at = source;
      values[source] =
          version(
              source,
              targets(source).mapToObj(target -> reading(circuit, values, at, target)).toList());
    }
    return reading(circuit, values, -1, shape.targets() - 1);
  }

  /** Returns the sources of which edges lead to the logits. */
  private BitSet needed(EdgeSet circuit) {
    var needed = new BitSet();
    read(circuit, shape.targets() - 1, needed);
    for (int source = shape.sources() - 1; source > 0; source--) {
      if (needed.get(source)) {
        targets(source).forEach(target -> read(circuit, target, needed));
      }
    }
    return needed;
  }

  private void read(EdgeSet circuit, int target, BitSet into) {
    for (int source = 0; source < shape.reads(target); source++) {
      if (circuit.has(shape.edge(source, target))) {
        into.set(source);
      }
    }
  }

  /** Returns the targets that are inputs of a head or MLP. */
  private IntStream targets(int source) {
    int layer = layer(source);
    int first = layer * (3 * shape.heads() + 1);
    int head = head(source);
    return head == shape.heads()
        ? IntStream.of(first + 3 * head)
        : IntStream.range(first + 3 * head, first + 3 * head + 3);
  }

  private int layer(int source) {
    return (source - 1) / (shape.heads() + 1);
  }

  private int head(int source) {
    return (source - 1) % (shape.heads() + 1);
  }

  private int place(int source) {
    return source < 0
        ? 2 * shape.layers()
        : 2 * layer(source) + (head(source) == shape.heads() ? 1 : 0);
  }

  private int reading(EdgeSet circuit, int[] values, int reader, int target) {
    var read = new int[shape.reads(target)];
    for (int source = 0; source < read.length; source++) {
      read[source] = circuit.has(shape.edge(source, target)) ? values[source] : ABLATED;
    }
    var key = new Key(place(reader), IntBuffer.wrap(read));
    return readingNumbers.computeIfAbsent(
        key,
        _ -> {
          keys.add(key);
          return keys.size() - 1;
        });
  }

  private int version(int source, List<Integer> read) {
    if (read.stream().allMatch(reading -> isAll(reading, ABLATED))) {
      return ABLATED;
    }
    if (read.stream().allMatch(reading -> isAll(reading, CLEAN))) {
      return CLEAN;
    }
    var draft = new Draft(source, read);
    return draftNumbers.computeIfAbsent(
        draft,
        _ -> {
          drafts.add(draft);
          return drafts.size() - 1;
        });
  }

  private boolean isAll(int reading, int value) {
    return Arrays.stream(keys.get(reading).values().array()).allMatch(each -> each == value);
  }

  // ---- Where what they add is kept

  private void settle() {
    var order =
        IntStream.range(0, drafts.size())
            .boxed()
            .sorted((a, b) -> Integer.compare(drafts.get(a).source(), drafts.get(b).source()))
            .toList();
    var used = new BitSet();
    keys.forEach(key -> differencesOf(key.values().array()).forEach(used::set));
    var places = new HashMap<Column, Integer>();
    int next = 0;
    for (int source = 0; source < shape.sources(); source++) {
      if (used.get(source)) {
        places.put(new Column(source, CLEAN), columns);
        differences.add(new CleanDifference(source, columns++));
      }
      for (; next < order.size() && drafts.get(order.get(next)).source() == source; next++) {
        var draft = drafts.get(order.get(next));
        places.put(new Column(source, order.get(next)), columns);
        versions.add(new Version(source, draft.readings(), columns++));
      }
    }
    keys.forEach(key -> readings.add(settled(key, places)));
  }

  /** Tells whether fewer columns are needed from the clean run on than from the ablated one. */
  private static boolean nearerClean(int... values) {
    int clean = 0;
    int ablated = 0;
    int own = 0;
    for (int value : values) {
      if (value == CLEAN) {
        clean++;
      } else if (value == ABLATED) {
        ablated++;
      } else {
        own++;
      }
    }
    return ablated + 2 * own < clean + own;
  }

  /** Returns the sources whose clean difference a reading takes. */
  private static IntStream differencesOf(int... values) {
    boolean fromClean = nearerClean(values);
    return IntStream.range(0, values.length)
        .filter(source -> fromClean ? values[source] != CLEAN : values[source] == CLEAN);
  }

  private static Reading settled(Key key, Map<Column, Integer> places) {
    int[] values = key.values().array();
    boolean fromClean = nearerClean(values);
    var taken = new ArrayList<Integer>();
    var factors = new ArrayList<Integer>();
    for (int source = 0; source < values.length; source++) {
      if (fromClean ? values[source] != CLEAN : values[source] == CLEAN) {
        taken.add(places.get(new Column(source, CLEAN)));
        factors.add(fromClean ? -1 : 1);
      }
      if (values[source] >= 0) {
        taken.add(places.get(new Column(source, values[source])));
        factors.add(1);
      }
    }
    return new Reading(key.place(), fromClean, taken, factors);
  }

  // ---- What is to be done

  /** Returns how many columns are kept at once. */
  int columns() {
    return columns;
  }

  /** Returns the most inputs that are made at once. */
  int widest() {
    var counts = new int[2 * shape.layers() + 1];
    readings.forEach(reading -> counts[reading.place()]++);
    return Arrays.stream(counts).max().orElseThrow();
  }

  /** Returns a reading by its number. */
  Reading reading(int number) {
    return readings.get(number);
  }

  /** Returns the numbers of what a circuit's logits read, circuit by circuit. */
  List<Integer> logits() {
    return Arrays.stream(logits).boxed().toList();
  }

  /** Returns the heads of a layer, or its MLP, that are computed, by {@link Reading#place}. */
  List<Version> versions(int place) {
    return versions.stream().filter(version -> place(version.source()) == place).toList();
  }

  /** Returns the clean differences of the heads of a layer or its MLP that are wanted. */
  List<CleanDifference> differences(int place) {
    return differences.stream()
        .filter(each -> each.source() > 0 && place(each.source()) == place)
        .toList();
  }

  /** Tells whether the difference of the input is wanted, which is then the first column. */
  boolean wantsInput() {
    return !differences.isEmpty() && differences.getFirst().source() == 0;
  }

  /** Returns the head of its layer that a source is. */
  int headOf(int source) {
    return head(source);
  }
}
