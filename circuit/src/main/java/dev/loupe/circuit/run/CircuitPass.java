package dev.loupe.circuit.run;

import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.run.EdgePlan.Version;
import dev.loupe.model.BlockMath;
import dev.loupe.model.HookedTransformer;
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

/** One pass of planned circuits over the prompts of a batch. */
final class CircuitPass {
  // Neurons are many: this many rows of them at once.
  private static final int NEURON_ROWS = 4096;
  // Inputs that are added up in one product, at most.
  private static final int ALIKE = 48;

  private final HookedTransformer model;
  private final ModelConfig config;
  private final BlockMath math;
  private final EdgePlan plan;
  private final BatchState state;
  // What is added to the ablated run, [column, batch * pos * d_model], from the first column on.
  private final Columns every;
  private final Columns last;

  /** Columns, of which so many are filled. */
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

  private CircuitPass(HookedTransformer model, EdgePlan plan, BatchState state) {
    this.model = model;
    config = model.config();
    math = model.math();
    this.plan = plan;
    this.state = state;
    every = columns(true, state.length());
    last = columns(false, 1);
  }

  private Columns columns(boolean everyPosition, int positions) {
    var weight = model.weights().wE();
    long width = (long) state.size() * positions * config.dModel();
    return new Columns(
        Tensors.zeros(weight.dtype(), plan.columns(everyPosition), width).to(weight.device()));
  }

  /** Returns the metric of each circuit of the plan and each prompt. */
  static double[][] run(HookedTransformer model, EdgePlan plan, BatchState state) {
    try (var _ = TensorScope.open()) {
      return new CircuitPass(model, plan, state).run();
    }
  }

  private double[][] run() {
    for (int place = -1; place < 2 * config.nLayers(); place++) {
      add(place, true);
      add(place, false);
    }
    return metrics();
  }

  private void add(int place, boolean everyPosition) {
    var group = plan.at(place).of(everyPosition);
    if (group.isEmpty()) {
      return;
    }
    try (var _ = TensorScope.open()) {
      var added =
          place < 0
              ? atPositions(inputDifference(), everyPosition)
              : place % 2 == 0
                  ? heads(place / 2, group, everyPosition)
                  : mlps(place / 2, group, everyPosition);
      if (everyPosition) {
        every.fill(added);
      }
      last.fill(atPositions(added, false));
    }
  }

  private Tensor inputDifference() {
    return state.clean().values().input().sub(state.ablated().values().input()).unsqueeze(0);
  }

  /** Returns all or the last of [..., batch, pos, d]. */
  private static Tensor atPositions(Tensor x, boolean everyPosition) {
    int dim = x.dim() - 2;
    return everyPosition || x.size(dim) == 1 ? x : x.narrow(dim, x.size(dim) - 1, 1);
  }

  // ---- What targets read

  /** The inputs of one place, [input, batch, pos, d_model], and where each reading stands. */
  private record Inputs(Tensor values, Map<Integer, Integer> places) {
    long of(int reading) {
      return Objects.requireNonNull(places.get(reading));
    }

    boolean isOne() {
      return places.size() == 1;
    }
  }

  private Inputs inputs(List<Integer> readings, boolean everyPosition) {
    var places = new LinkedHashMap<Integer, Integer>();
    readings.forEach(reading -> places.putIfAbsent(reading, places.size()));
    var parts = new ArrayList<Tensor>();
    for (var part : alike(places.keySet())) {
      parts.add(TensorScope.tidy(() -> sums(part, everyPosition)));
    }
    return new Inputs(parts.size() == 1 ? parts.getFirst() : Tensors.cat(0, parts), places);
  }

  /** Readings that follow one another, and the columns that they take. */
  private record Alike(List<EdgePlan.Reading> readings, BitSet lastColumns) {}

  // Circuits that have little in common take columns of their own: one product of all would be
  // mostly of zeros. Products of few rows are as slow as the columns are read.
  private List<Alike> alike(Collection<Integer> numbers) {
    int most = 2 * GraphShape.of(config).sources();
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
          || both.cardinality() > most) {
        groups.add(new Alike(new ArrayList<>(), taken));
      } else {
        groups.getLast().lastColumns().or(taken);
      }
      groups.getLast().readings().add(reading);
    }
    return groups;
  }

  /** Returns inputs, [input, batch, pos, d_model]. */
  private Tensor sums(Alike alike, boolean everyPosition) {
    int rows = alike.readings().size();
    var base = bases(alike.readings(), everyPosition);
    // At most one of each run has no columns.
    if (alike.lastColumns().isEmpty()) {
      return base;
    }
    int[] used =
        alike.readings().stream()
            .flatMap(reading -> reading.columns().stream())
            .mapToInt(column -> column.at(everyPosition))
            .sorted()
            .distinct()
            .toArray();
    // A copy costs more than a few zeros.
    int span = used[used.length - 1] - used[0] + 1;
    int[] taken =
        span <= 4 * used.length ? IntStream.range(used[0], used[0] + span).toArray() : used;
    var factors = new double[rows * taken.length];
    for (int row = 0; row < rows; row++) {
      var reading = alike.readings().get(row);
      for (int i = 0; i < reading.columns().size(); i++) {
        int at = Arrays.binarySearch(taken, reading.columns().get(i).at(everyPosition));
        factors[row * taken.length + at] = reading.factors().get(i);
      }
    }
    var columns = everyPosition ? every : last;
    return Tensors.of(factors, rows, taken.length)
        .to(base.dtype())
        .to(base.device())
        .addmm(
            select(columns.values, IntStream.of(taken).asLongStream().toArray()),
            base.reshape(base.size(0), -1))
        .reshape(rows, state.size(), -1, config.dModel());
  }

  /** Returns what inputs are without columns; where that is the same for all, one row. */
  private Tensor bases(List<EdgePlan.Reading> readings, boolean everyPosition) {
    var bases = new ArrayList<Tensor>();
    for (var reading : readings) {
      var run = reading.clean() ? state.clean() : state.ablated();
      bases.add(atPositions(run.streams().get(reading.place()), everyPosition));
    }
    boolean isOne = readings.stream().map(EdgePlan.Reading::clean).distinct().count() == 1;
    return isOne ? bases.getFirst().unsqueeze(0) : Tensors.stack(0, bases);
  }

  private static List<Integer> read(List<Version> versions, int... inputs) {
    return IntStream.of(inputs)
        .boxed()
        .flatMap(input -> versions.stream().map(version -> version.readings().get(input)))
        .toList();
  }

  // ---- Heads

  /** Returns what heads add beyond the ablated run, [source, batch, pos, d_model]. */
  private Tensor heads(int layer, EdgePlan.Group group, boolean everyPosition) {
    var parts = new ArrayList<Tensor>();
    if (!group.differences().isEmpty()) {
      parts.add(ofRun(state.clean(), layer, group.differences(), everyPosition));
    }
    if (!group.versions().isEmpty()) {
      parts.add(z(layer, group.versions(), everyPosition));
    }
    var heads = new ArrayList<>(group.differences());
    group.versions().forEach(version -> heads.add(version.head()));
    var z = Tensors.cat(0, parts).sub(ofRun(state.ablated(), layer, heads, everyPosition));
    var added =
        z.reshape(heads.size(), -1, config.dHead())
            .matmul(select(model.weights().blocks().get(layer).wO(), array(heads)));
    return added.reshape(heads.size(), state.size(), z.size(2), config.dModel());
  }

  private static long[] array(List<Integer> numbers) {
    return numbers.stream().mapToLong(Integer::longValue).toArray();
  }

  /** Returns slices of the first dimension, without a copy where they follow one another. */
  private static Tensor select(Tensor x, long... at) {
    boolean inOrder = IntStream.range(1, at.length).allMatch(i -> at[i] == at[i - 1] + 1);
    return inOrder ? x.narrow(0, at[0], at.length) : x.indexSelect(0, at);
  }

  private static Tensor ofRun(RunState run, int layer, List<Integer> heads, boolean everyPosition) {
    var z = run.values().z().get(layer).permute(2, 0, 1, 3);
    return select(atPositions(z, everyPosition), array(heads));
  }

  /** Returns z of heads, each of inputs of its own, [source, batch, pos, d_head]. */
  private Tensor z(int layer, List<Version> versions, boolean everyPosition) {
    var all = inputs(everyPosition ? read(versions, 0, 1, 2) : read(versions, 1, 2), true);
    var x = attentionInput(layer, all);
    var ofQ = everyPosition ? all : inputs(read(versions, 0), false);
    var xOfQ = everyPosition ? x : attentionInput(layer, ofQ);
    var w = model.weights().blocks().get(layer);
    int shared = config.nHeads() / config.nKeyValueHeads();
    var q = rotated(projected(xOfQ, ofQ, versions, 0, w.wQ(), w.bQ(), 1));
    var k = rotated(projected(x, all, versions, 1, w.wK(), w.bK(), shared));
    var v = projected(x, all, versions, 2, w.wV(), w.bV(), shared);
    int from = everyPosition ? 0 : state.length() - 1;
    var scores =
        q.matmul(k.transpose(-1, -2))
            .div(config.attentionScale(layer))
            .maskedFill(blocked(from, config.windows().get(layer)), Double.NEGATIVE_INFINITY);
    return scores.softmax(-1).matmul(v);
  }

  private Tensor attentionInput(int layer, Inputs inputs) {
    return math.attentionInput(layer, math.normalized(inputs.values()));
  }

  /** Returns queries, keys or values, [source, batch, pos, d_head]. */
  private Tensor projected(
      Tensor x,
      Inputs inputs,
      List<Version> versions,
      int input,
      Tensor weight,
      Tensor bias,
      int shared) {
    long[] heads = versions.stream().mapToLong(version -> version.head() / shared).toArray();
    long[] read = read(versions, input).stream().mapToLong(inputs::of).toArray();
    long positions = x.size(2);
    var own = inputs.isOne() ? x : select(x, read);
    return own.reshape(own.size(0), -1, config.dModel())
        .matmul(select(weight, heads))
        .add(select(bias, heads).unsqueeze(1))
        .reshape(heads.length, state.size(), positions, config.dHead());
  }

  // Fewer positions than there are are the last.
  private Tensor rotated(Tensor x) {
    if (!config.isRotary()) {
      return x;
    }
    int count = Math.toIntExact(x.size(2));
    return math.rotated(
            x.reshape(-1, count, 1, config.dHead()), state.length() - count, state.length())
        .reshape(x.shape());
  }

  private Tensor blocked(int from, int window) {
    int length = state.length();
    var blocked = new boolean[(length - from) * length];
    for (int i = 0; i < blocked.length; i++) {
      int dest = from + i / length;
      int src = i % length;
      blocked[i] = src > dest || (window > 0 && dest - src >= window);
    }
    return Tensors.of(blocked, length - from, length).to(model.weights().wE().device());
  }

  // ---- MLPs

  /** Returns what an MLP adds beyond the ablated run, [version, batch, pos, d_model]. */
  private Tensor mlps(int layer, EdgePlan.Group group, boolean everyPosition) {
    var parts = new ArrayList<Tensor>();
    if (!group.differences().isEmpty()) {
      var clean = state.clean().values().mlps().get(layer);
      parts.add(atPositions(clean, everyPosition).unsqueeze(0));
    }
    int rows = state.size() * (everyPosition ? state.length() : 1);
    int each = Math.max(1, NEURON_ROWS / rows);
    var versions = group.versions();
    for (int from = 0; from < versions.size(); from += each) {
      var part = versions.subList(from, Math.min(from + each, versions.size()));
      // Versions of one source differ in what they read: there is an input of each, in order.
      parts.add(
          TensorScope.tidy(() -> math.mlp(layer, inputs(read(part, 0), everyPosition).values())));
    }
    return Tensors.cat(0, parts)
        .sub(atPositions(state.ablated().values().mlps().get(layer), everyPosition));
  }

  // ---- Metrics

  private double[][] metrics() {
    boolean everyPosition = state.readsEvery();
    var computed =
        plan.logits().stream()
            .distinct()
            .filter(number -> !plan.readings().get(number).isPlain())
            .toList();
    var byReading = new HashMap<Integer, double[]>();
    if (!computed.isEmpty()) {
      var values = state.metric(inputs(computed, everyPosition).values());
      for (int i = 0; i < values.length; i++) {
        byReading.put(computed.get(i), values[i]);
      }
    }
    return plan.logits().stream()
        .map(number ->
            byReading.computeIfAbsent(
                number, _ -> state.plain(plan.readings().get(number).clean())))
        .map(double[]::clone)
        .toArray(double[][]::new);
  }
}
