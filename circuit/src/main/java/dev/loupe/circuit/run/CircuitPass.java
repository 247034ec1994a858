package dev.loupe.circuit.run;

import dev.loupe.circuit.run.EdgePlan.CleanDifference;
import dev.loupe.circuit.run.EdgePlan.Version;
import dev.loupe.model.BlockMath;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.ModelConfig;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** One pass of planned circuits over the prompts of a batch. */
final class CircuitPass {
  private final HookedTransformer model;
  private final ModelConfig config;
  private final BlockMath math;
  private final EdgePlan plan;
  private final BatchState state;
  // What is added to the ablated run, [column, batch * pos * d_model], filled from the first on.
  private final Tensor columns;
  private int filled;

  private CircuitPass(HookedTransformer model, EdgePlan plan, BatchState state) {
    this.model = model;
    config = model.config();
    math = model.math();
    this.plan = plan;
    this.state = state;
    var weight = model.weights().wE();
    columns =
        Tensors.zeros(
                weight.dtype(),
                plan.columns(),
                (long) state.size() * state.length() * config.dModel())
            .to(weight.device());
  }

  /** Returns the metric of each circuit of the plan and each prompt. */
  static double[][] run(HookedTransformer model, EdgePlan plan, BatchState state) {
    try (var _ = TensorScope.open()) {
      return new CircuitPass(model, plan, state).run();
    }
  }

  private double[][] run() {
    if (plan.wantsInput()) {
      fill(state.clean().outputs().input().sub(state.ablated().outputs().input()).unsqueeze(0));
    }
    for (int layer = 0; layer < config.nLayers(); layer++) {
      try (var _ = TensorScope.open()) {
        heads(layer, plan.versions(2 * layer), plan.differences(2 * layer));
      }
      try (var _ = TensorScope.open()) {
        mlps(layer, plan.versions(2 * layer + 1), plan.differences(2 * layer + 1));
      }
    }
    return metrics();
  }

  private void fill(Tensor added) {
    long count = added.size(0);
    columns.narrow(0, filled, count).copyInPlace(added.reshape(count, -1));
    filled += Math.toIntExact(count);
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

  private Inputs inputs(int place, List<Integer> readings) {
    var places = new HashMap<Integer, Integer>();
    var distinct = new ArrayList<Integer>();
    for (int reading : readings) {
      if (places.putIfAbsent(reading, distinct.size()) == null) {
        distinct.add(reading);
      }
    }
    int rows = distinct.size();
    var factors = new double[rows * filled];
    var bases = new ArrayList<Tensor>();
    boolean plain = true;
    for (int row = 0; row < rows; row++) {
      var reading = plan.reading(distinct.get(row));
      bases.add((reading.clean() ? state.clean() : state.ablated()).streams().get(place));
      plain &= reading.isPlain();
      for (int i = 0; i < reading.columns().size(); i++) {
        factors[row * filled + reading.columns().get(i)] = reading.factors().get(i);
      }
    }
    var base = Tensors.stack(0, bases);
    if (plain) {
      return new Inputs(base, places);
    }
    var added =
        Tensors.of(factors, rows, filled)
            .to(columns.dtype())
            .to(columns.device())
            .addmm(columns.narrow(0, 0, filled), base.reshape(rows, -1));
    return new Inputs(added.reshape(base.shape()), places);
  }

  // ---- Heads

  private void heads(int layer, List<Version> versions, List<CleanDifference> differences) {
    if (versions.isEmpty() && differences.isEmpty()) {
      return;
    }
    // In the order of their columns.
    var heads = new ArrayList<Integer>();
    var order = new ArrayList<Long>();
    var cleanAt = new HashMap<Integer, Integer>();
    for (var difference : differences) {
      cleanAt.put(difference.column(), versions.size() + cleanAt.size());
    }
    int own = 0;
    for (int column = filled; column < filled + versions.size() + differences.size(); column++) {
      order.add((long) cleanAt.getOrDefault(column, own));
      own += cleanAt.containsKey(column) ? 0 : 1;
    }
    versions.forEach(version -> heads.add(plan.headOf(version.source())));
    differences.forEach(difference -> heads.add(plan.headOf(difference.source())));
    long[] which = heads.stream().mapToLong(Integer::longValue).toArray();
    var parts = new ArrayList<Tensor>();
    if (!versions.isEmpty()) {
      parts.add(z(layer, versions));
    }
    if (!differences.isEmpty()) {
      var of = differences.stream().mapToLong(d -> plan.headOf(d.source())).toArray();
      parts.add(byHead(state.clean(), layer).indexSelect(0, of));
    }
    // [source, batch, pos, d_head]
    var z = Tensors.cat(0, parts).sub(byHead(state.ablated(), layer).indexSelect(0, which));
    var wO = model.weights().blocks().get(layer).wO().indexSelect(0, which);
    var added = z.reshape(which.length, -1, config.dHead()).matmul(wO);
    fill(added.indexSelect(0, order.stream().mapToLong(Long::longValue).toArray()));
  }

  private static Tensor byHead(RunState run, int layer) {
    return run.outputs().z().get(layer).permute(2, 0, 1, 3);
  }

  /** Returns z of heads, each of inputs of its own, [source, batch, pos, d_head]. */
  private Tensor z(int layer, List<Version> versions) {
    var inputs = inputs(2 * layer, versions.stream().flatMap(v -> v.readings().stream()).toList());
    var x = math.attentionInput(layer, math.normalized(inputs.values()));
    var w = model.weights().blocks().get(layer);
    int shared = config.nHeads() / config.nKeyValueHeads();
    var q = rotated(projected(x, inputs, versions, 0, w.wQ(), w.bQ(), 1));
    var k = rotated(projected(x, inputs, versions, 1, w.wK(), w.bK(), shared));
    var v = projected(x, inputs, versions, 2, w.wV(), w.bV(), shared);
    var scores =
        q.matmul(k.transpose(-1, -2))
            .div(config.attentionScale(layer))
            .maskedFill(blocked(config.windows().get(layer)), Double.NEGATIVE_INFINITY);
    return scores.softmax(-1).matmul(v);
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
    long[] heads = versions.stream().mapToLong(v -> plan.headOf(v.source()) / shared).toArray();
    long[] read = versions.stream().mapToLong(v -> inputs.of(v.readings().get(input))).toArray();
    long count = heads.length;
    var own = inputs.isOne() ? x : x.indexSelect(0, read);
    return own.reshape(inputs.isOne() ? 1 : count, -1, config.dModel())
        .matmul(weight.indexSelect(0, heads))
        .add(bias.indexSelect(0, heads).unsqueeze(1))
        .reshape(count, state.size(), state.length(), config.dHead());
  }

  private Tensor rotated(Tensor x) {
    if (!config.isRotary()) {
      return x;
    }
    var turned = math.rotated(x.reshape(-1, state.length(), 1, config.dHead()), 0, state.length());
    return turned.reshape(x.shape());
  }

  private Tensor blocked(int window) {
    int length = state.length();
    var blocked = new boolean[length * length];
    for (int i = 0; i < blocked.length; i++) {
      int dest = i / length;
      int src = i % length;
      blocked[i] = src > dest || (window > 0 && dest - src >= window);
    }
    return Tensors.of(blocked, length, length).to(columns.device());
  }

  // ---- MLPs

  private void mlps(int layer, List<Version> versions, List<CleanDifference> differences) {
    if (versions.isEmpty() && differences.isEmpty()) {
      return;
    }
    var parts = new ArrayList<Tensor>();
    // All are of one source: its clean difference is the first of its columns.
    if (!differences.isEmpty()) {
      parts.add(state.clean().outputs().mlps().get(layer).unsqueeze(0));
    }
    if (!versions.isEmpty()) {
      var inputs =
          inputs(2 * layer + 1, versions.stream().flatMap(v -> v.readings().stream()).toList());
      parts.add(math.mlp(layer, inputs.values()));
    }
    fill(Tensors.cat(0, parts).sub(state.ablated().outputs().mlps().get(layer)));
  }

  // ---- Metrics

  private double[][] metrics() {
    var readings = plan.logits();
    var computed = readings.stream().filter(r -> !plan.reading(r).isPlain()).distinct().toList();
    var byReading = new HashMap<Integer, double[]>();
    if (!computed.isEmpty()) {
      var inputs = inputs(2 * config.nLayers(), computed);
      var values = state.metric(inputs.values());
      computed.forEach(r -> byReading.put(r, values[Math.toIntExact(inputs.of(r))]));
    }
    return readings.stream()
        .map(r -> byReading.computeIfAbsent(r, _ -> state.plain(plan.reading(r).clean())))
        .map(double[]::clone)
        .toArray(double[][]::new);
  }
}
