package dev.loupe.circuit.run;

import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.run.EdgePlan.Column;
import dev.loupe.circuit.run.EdgePlan.Group;
import dev.loupe.circuit.run.EdgePlan.Place;
import dev.loupe.circuit.run.EdgePlan.Reading;
import dev.loupe.circuit.run.EdgePlan.Version;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * Makes a plan. The value of a source is the ablated one, the clean one, or a version of its own,
 * which circuits share where all that the source reads is alike. Where nothing changes there is
 * nothing to compute: a source that reads clean values alone has its clean value, one that no edge
 * brings anything to keeps the ablated one, and what does not lead to the logits is left out.
 */
final class EdgePlanner {
  private static final int ABLATED = -1;
  private static final int CLEAN = -2;

  /** What a target reads: the value of each source before it, as a number. */
  private record Key(int place, IntBuffer values) {
    int[] array() {
      return values.array();
    }
  }

  private record Draft(int source, List<Integer> readings) {}

  /** A source and its value. */
  private record Value(int source, int value) {}

  private final GraphShape shape;
  // The number that the edge of each source to target 0 would have.
  private final int[] edges;
  private final Map<Key, Integer> keyNumbers = new HashMap<>();
  private final List<Key> keys = new ArrayList<>();
  private final Map<Draft, Integer> draftNumbers = new HashMap<>();
  private final List<Draft> drafts = new ArrayList<>();
  private final Map<Value, Column> columns = new HashMap<>();
  private int last;
  private int every;

  EdgePlanner(GraphShape shape) {
    this.shape = shape;
    edges =
        IntStream.range(0, shape.sources())
            .map(s -> shape.edge(s, shape.firstTarget(s)) - shape.firstTarget(s))
            .toArray();
  }

  EdgePlan plan(boolean everyLogit, List<EdgeSet> circuits) {
    var logits = circuits.stream().map(this::add).toList();
    var keysOfEvery = new BitSet();
    if (everyLogit) {
      logits.forEach(keysOfEvery::set);
    }
    var draftsOfEvery = ofEvery(keysOfEvery);
    var used = new BitSet();
    var usedOfEvery = new BitSet();
    for (int key = 0; key < keys.size(); key++) {
      differences(keys.get(key).array()).forEach((keysOfEvery.get(key) ? usedOfEvery : used)::set);
    }
    used.andNot(usedOfEvery);
    var draftsOfLast = new BitSet();
    draftsOfLast.set(0, drafts.size());
    draftsOfLast.andNot(draftsOfEvery);
    var places = new ArrayList<Place>();
    for (int place = -1; place < 2 * shape.layers(); place++) {
      places.add(
          new Place(
              group(place, true, usedOfEvery, draftsOfEvery),
              group(place, false, used, draftsOfLast)));
    }
    return new EdgePlan(keys.stream().map(this::reading).toList(), places, logits);
  }

  // ---- What each circuit's sources are

  private int add(EdgeSet circuit) {
    var needed = needed(circuit);
    var values = new int[shape.sources()];
    Arrays.fill(values, ABLATED);
    values[0] = CLEAN;
    for (int source = 1; source < values.length; source++) {
      if (needed.get(source)) {
        int place = place(source);
        var read = targets(source).mapToObj(target -> key(circuit, values, place, target));
        values[source] = version(source, read.toList());
      }
    }
    return key(circuit, values, 2 * shape.layers(), shape.targets() - 1);
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
    int reads = shape.reads(target);
    for (int source = 0; source < reads; source++) {
      if (circuit.has(edges[source] + target)) {
        into.set(source);
      }
    }
  }

  /** Returns the targets that are inputs of a head or MLP. */
  private IntStream targets(int source) {
    int first = (source - 1) / (shape.heads() + 1) * (3 * shape.heads() + 1) + 3 * head(source);
    return IntStream.range(first, first + (isMlp(source) ? 1 : 3));
  }

  private int head(int source) {
    return (source - 1) % (shape.heads() + 1);
  }

  private boolean isMlp(int source) {
    return head(source) == shape.heads();
  }

  private int place(int source) {
    return source == 0 ? -1 : 2 * ((source - 1) / (shape.heads() + 1)) + (isMlp(source) ? 1 : 0);
  }

  private int key(EdgeSet circuit, int[] values, int place, int target) {
    var read = new int[shape.reads(target)];
    for (int source = 0; source < read.length; source++) {
      read[source] = circuit.has(edges[source] + target) ? values[source] : ABLATED;
    }
    var key = new Key(place, IntBuffer.wrap(read));
    return keyNumbers.computeIfAbsent(
        key,
        _ -> {
          keys.add(key);
          return keys.size() - 1;
        });
  }

  private int version(int source, List<Integer> read) {
    if (read.stream().allMatch(key -> isAll(key, ABLATED))) {
      return ABLATED;
    }
    if (read.stream().allMatch(key -> isAll(key, CLEAN))) {
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

  private boolean isAll(int key, int value) {
    return Arrays.stream(keys.get(key).array()).allMatch(each -> each == value);
  }

  // ---- At which positions

  /**
   * Returns the versions that are wanted at every position, and adds what these read, and keys and
   * values of all heads.
   */
  private BitSet ofEvery(BitSet keysOfEvery) {
    var found = new BitSet();
    for (int key : keysOfEvery.stream().toArray()) {
      addRead(key, found);
    }
    // Of a circuit, what reads comes after what it reads; of all, layer by layer.
    var backwards =
        IntStream.range(0, drafts.size())
            .boxed()
            .sorted((a, b) -> Integer.compare(drafts.get(b).source(), drafts.get(a).source()))
            .toList();
    for (int draft : backwards) {
      var read = drafts.get(draft).readings();
      for (int i = found.get(draft) ? 0 : 1; i < read.size(); i++) {
        keysOfEvery.set(read.get(i));
        addRead(read.get(i), found);
      }
    }
    return found;
  }

  private void addRead(int key, BitSet drafted) {
    Arrays.stream(keys.get(key).array()).filter(value -> value >= 0).forEach(drafted::set);
  }

  // ---- Where what they add is kept

  /** Tells whether fewer columns are needed from the clean run on than from the ablated one. */
  private static boolean nearerClean(int... values) {
    long clean = Arrays.stream(values).filter(value -> value == CLEAN).count();
    long ablated = Arrays.stream(values).filter(value -> value == ABLATED).count();
    long own = values.length - clean - ablated;
    return ablated + own < clean;
  }

  /** Returns the sources of which a reading takes the difference of the clean run. */
  private static IntStream differences(int... values) {
    boolean fromClean = nearerClean(values);
    return IntStream.range(0, values.length)
        .filter(source -> (values[source] == CLEAN) != fromClean);
  }

  private Group group(int place, boolean ofEvery, BitSet used, BitSet drafted) {
    var differences = new ArrayList<Integer>();
    var versions = new ArrayList<Version>();
    used.stream()
        .filter(source -> place(source) == place)
        .forEach(source -> {
          differences.add(headOf(source));
          keep(new Value(source, CLEAN), ofEvery);
        });
    drafted.stream()
        .filter(draft -> place(drafts.get(draft).source()) == place)
        .forEach(number -> {
          var draft = drafts.get(number);
          versions.add(new Version(headOf(draft.source()), draft.readings()));
          keep(new Value(draft.source(), number), ofEvery);
        });
    return new Group(differences, versions);
  }

  private int headOf(int source) {
    return source == 0 || isMlp(source) ? 0 : head(source);
  }

  private void keep(Value value, boolean ofEvery) {
    columns.put(value, new Column(last++, ofEvery ? every++ : -1));
  }

  private Reading reading(Key key) {
    int[] values = key.array();
    boolean fromClean = nearerClean(values);
    var taken = new ArrayList<Column>();
    var factors = new ArrayList<Integer>();
    for (int source = 0; source < values.length; source++) {
      if ((values[source] == CLEAN) != fromClean) {
        taken.add(column(source, CLEAN));
        factors.add(fromClean ? -1 : 1);
      }
      if (values[source] >= 0) {
        taken.add(column(source, values[source]));
        factors.add(1);
      }
    }
    return new Reading(key.place(), fromClean, taken, factors);
  }

  private Column column(int source, int value) {
    return Objects.requireNonNull(columns.get(new Value(source, value)));
  }
}
