package dev.loupe.circuit.run;

import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.run.EdgePlan.Reading;
import dev.loupe.model.ModelConfig;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * What sources add to the ablated run, a column each, and what targets read of it. Columns of every
 * position are many and large: as few products as can be read them, each once.
 */
final class InputSums {
  // Inputs that are added up in one product, at most.
  private static final int ALIKE = 48;
  // Runs that stand behind the columns: two, at the place of heads and that of their layer's MLP.
  private static final int RUNS = 4;

  private final EdgePlan plan;
  private final BatchState state;
  private final int mostColumns;
  private final Columns every;
  private final Columns last;
  // What MLPs read of the columns before the heads of their layer, [row, batch * pos * d_model].
  private final Tensor begun;
  private final Map<Integer, Integer> begunRows = new HashMap<>();
  private int begunColumns;

  /** Columns, [column, batch * pos * d_model], of which so many are filled. */
  private static final class Columns {
    private final Tensor values;
    private int filled;

    Columns(Tensor values) {
      this.values = values;
    }

    void fill(Tensor added) {
      long count = added.size(0);
      values.narrow(0, filled, count).copyInPlace(added.reshape(count, -1));
      filled += Math.toIntExact(count);
    }
  }

  /** Where an input starts: a residual stream of the clean or the ablated run. */
  private record Base(boolean clean, int place) {
    static Base of(Reading reading) {
      return new Base(reading.clean(), reading.place());
    }
  }

  /** Makes room for the columns of a plan, which the scope that is open frees. */
  InputSums(EdgePlan plan, BatchState state, ModelConfig config) {
    this.plan = plan;
    this.state = state;
    mostColumns = 2 * GraphShape.of(config).sources();
    every = new Columns(room(plan.columns(true) + RUNS, state.length()));
    last = new Columns(room(plan.columns(false) + RUNS, 1));
    begun = room(plan.mlps(), state.length());
  }

  private Tensor room(int rows, int positions) {
    var stream = state.clean().values().input();
    long width = (long) state.size() * positions * stream.size(2);
    return Tensors.zeros(stream.dtype(), rows, width).to(stream.device());
  }

  /** Returns all or the last of [..., batch, pos, d]. */
  static Tensor atPositions(Tensor x, boolean everyPosition) {
    int dim = x.dim() - 2;
    return everyPosition || x.size(dim) == 1 ? x : x.narrow(dim, x.size(dim) - 1, 1);
  }

  /** Returns slices of the first dimension, without a copy where they follow one another. */
  static Tensor select(Tensor x, long... at) {
    boolean inOrder = IntStream.range(1, at.length).allMatch(i -> at[i] == at[i - 1] + 1);
    return inOrder ? x.narrow(0, at[0], at.length) : x.indexSelect(0, at);
  }

  /** Adds the next columns, [source, batch, pos, d_model]. */
  void add(Tensor added, boolean everyPosition) {
    if (everyPosition) {
      every.fill(added);
    }
    last.fill(atPositions(added, false));
  }

  /** The inputs of one place, [input, batch, pos, d_model], and where each reading stands. */
  record Inputs(Tensor values, Map<Integer, Integer> places) {
    long of(int reading) {
      return Objects.requireNonNull(places.get(reading));
    }

    boolean isOne() {
      return places.size() == 1;
    }
  }

  /** Returns inputs, each once, in the order of the readings. */
  Inputs of(List<Integer> readings, boolean everyPosition) {
    if (everyPosition && begunRows.keySet().containsAll(readings)) {
      return new Inputs(finished(readings), places(readings));
    }
    var places = places(readings);
    return new Inputs(sums(places.keySet(), everyPosition), places);
  }

  /** Returns inputs of every position, and begins those that the next place will want. */
  Inputs of(List<Integer> readings, List<Integer> next) {
    var places = places(readings);
    int own = places.size();
    next.forEach(reading -> places.putIfAbsent(reading, places.size()));
    var sums = sums(places.keySet(), true);
    begunRows.clear();
    begunColumns = every.filled;
    if (places.size() == own) {
      return new Inputs(sums, places);
    }
    int more = places.size() - own;
    begun.narrow(0, 0, more).copyInPlace(sums.narrow(0, own, more).reshape(more, -1));
    places.forEach((reading, place) -> {
      if (place >= own) {
        begunRows.put(reading, place - own);
      }
    });
    places.keySet().removeAll(begunRows.keySet());
    return new Inputs(sums.narrow(0, 0, own), places);
  }

  private static Map<Integer, Integer> places(List<Integer> readings) {
    var places = new LinkedHashMap<Integer, Integer>();
    readings.forEach(reading -> places.putIfAbsent(reading, places.size()));
    return places;
  }

  private Tensor sums(Collection<Integer> numbers, boolean everyPosition) {
    var parts = new ArrayList<Tensor>();
    for (var part : alike(numbers)) {
      parts.add(TensorScope.tidy(() -> sums(part, everyPosition)));
    }
    return parts.size() == 1 ? parts.getFirst() : Tensors.cat(0, parts);
  }

  /** Readings that follow one another, and the columns that they take. */
  private record Alike(List<Reading> readings, BitSet lastColumns) {}

  // Circuits that have little in common take columns of their own: one product of all would be
  // mostly of zeros. Products of few rows are as slow as the columns are read.
  private List<Alike> alike(Collection<Integer> numbers) {
    var groups = new ArrayList<Alike>();
    for (int number : numbers) {
      var reading = plan.readings().get(number);
      var taken = new BitSet();
      reading.columns().forEach(column -> taken.set(column.last()));
      var both = (BitSet) taken.clone();
      if (!groups.isEmpty()) {
        both.or(groups.getLast().lastColumns());
      }
      if (groups.isEmpty()
          || groups.getLast().readings().size() == ALIKE
          || both.cardinality() > mostColumns) {
        groups.add(new Alike(new ArrayList<>(), taken));
      } else {
        groups.getLast().lastColumns().or(taken);
      }
      groups.getLast().readings().add(reading);
    }
    return groups;
  }

  /** Returns inputs as far as columns are filled, [input, batch, pos, d_model]. */
  private Tensor sums(Alike alike, boolean everyPosition) {
    var readings = alike.readings();
    var columns = everyPosition ? every : last;
    if (alike.lastColumns().isEmpty()) {
      // At most one of each run has no columns.
      return Tensors.stack(
          0, readings.stream().map(Base::of).map(base -> stream(base, everyPosition)).toList());
    }
    // The runs stand behind the columns, for one product writes what it gives but once.
    var bases = readings.stream().map(Base::of).distinct().toList();
    for (int i = 0; i < bases.size(); i++) {
      var stream = stream(bases.get(i), everyPosition);
      columns.values.select(0, columns.filled + i).copyInPlace(stream.reshape(-1));
    }
    var product = new Product(readings.size());
    for (int row = 0; row < readings.size(); row++) {
      var reading = readings.get(row);
      product.take(row, reading, 0, columns.filled, everyPosition);
      product.take(row, columns.filled + bases.indexOf(Base.of(reading)), 1);
    }
    return shaped(product.of(columns.values));
  }

  private Tensor stream(Base base, boolean everyPosition) {
    var run = base.clean() ? state.clean() : state.ablated();
    return atPositions(run.streams().get(base.place()), everyPosition);
  }

  /** Returns inputs of every position that were begun. */
  private Tensor finished(List<Integer> numbers) {
    var distinct = places(numbers).keySet();
    var base = select(begun, distinct.stream().mapToLong(number -> row(number)).toArray());
    var product = new Product(distinct.size());
    int row = 0;
    for (int number : distinct) {
      product.take(row++, plan.readings().get(number), begunColumns, every.filled, true);
    }
    return shaped(product.isEmpty() ? base : product.of(every.values).add(base));
  }

  private long row(int reading) {
    return Objects.requireNonNull(begunRows.get(reading));
  }

  private Tensor shaped(Tensor rows) {
    long width = state.clean().values().input().size(2);
    return rows.reshape(rows.size(0), state.size(), -1, width);
  }

  /** Sums of columns, each with a factor. */
  private static final class Product {
    private final int rows;
    private final List<int[]> taken = new ArrayList<>();

    Product(int rows) {
      this.rows = rows;
    }

    boolean isEmpty() {
      return taken.isEmpty();
    }

    void take(int row, int column, int factor) {
      taken.add(new int[] {row, column, factor});
    }

    void take(int row, Reading reading, int from, int to, boolean everyPosition) {
      for (int i = 0; i < reading.columns().size(); i++) {
        int column = reading.columns().get(i).at(everyPosition);
        if (column >= from && column < to) {
          take(row, column, reading.factors().get(i));
        }
      }
    }

    Tensor of(Tensor columns) {
      int[] used = taken.stream().mapToInt(each -> each[1]).sorted().distinct().toArray();
      // A copy costs more than a few zeros.
      int span = used[used.length - 1] - used[0] + 1;
      int[] read =
          span <= 4 * used.length ? IntStream.range(used[0], used[0] + span).toArray() : used;
      var factors = new double[rows * read.length];
      for (int[] each : taken) {
        factors[each[0] * read.length + Arrays.binarySearch(read, each[1])] = each[2];
      }
      return Tensors.of(factors, rows, read.length)
          .to(columns.dtype())
          .to(columns.device())
          .matmul(select(columns, Arrays.stream(read).asLongStream().toArray()));
    }
  }
}
