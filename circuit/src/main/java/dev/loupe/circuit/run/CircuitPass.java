package dev.loupe.circuit.run;

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
import java.util.stream.IntStream;

/** One pass of planned circuits over the prompts of a batch. */
final class CircuitPass {
  // Neurons are many: this many rows of them at once.
  private static final int NEURON_ROWS = 4096;

  private final HookedTransformer model;
  private final ModelConfig config;
  private final BlockMath math;
  private final EdgePlan plan;
  private final BatchState state;
  private final InputSums sums;

  private CircuitPass(HookedTransformer model, EdgePlan plan, BatchState state) {
    this.model = model;
    config = model.config();
    math = model.math();
    this.plan = plan;
    this.state = state;
    sums = new InputSums(plan, state, config);
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
              ? InputSums.atPositions(inputDifference(), everyPosition)
              : place % 2 == 0
                  ? heads(place / 2, group, everyPosition)
                  : mlps(place / 2, group, everyPosition);
      sums.add(added, everyPosition);
    }
  }

  private Tensor inputDifference() {
    return state.clean().values().input().sub(state.ablated().values().input()).unsqueeze(0);
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
            .matmul(InputSums.select(model.weights().blocks().get(layer).wO(), array(heads)));
    return added.reshape(heads.size(), state.size(), z.size(2), config.dModel());
  }

  private static long[] array(List<Integer> numbers) {
    return numbers.stream().mapToLong(Integer::longValue).toArray();
  }

  private static Tensor ofRun(RunState run, int layer, List<Integer> heads, boolean everyPosition) {
    var z = run.values().z().get(layer).permute(2, 0, 1, 3);
    return InputSums.select(InputSums.atPositions(z, everyPosition), array(heads));
  }

  /** Returns z of heads, each of inputs of its own, [source, batch, pos, d_head]. */
  private Tensor z(int layer, List<Version> versions, boolean everyPosition) {
    var all =
        everyPosition
            ? sums.of(read(versions, 0, 1, 2), read(plan.at(2 * layer + 1).every().versions(), 0))
            : sums.of(read(versions, 1, 2), true);
    var x = attentionInput(layer, all);
    var ofQ = everyPosition ? all : sums.of(read(versions, 0), false);
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

  private Tensor attentionInput(int layer, InputSums.Inputs inputs) {
    return math.attentionInput(layer, math.normalized(inputs.values()));
  }

  /** Returns queries, keys or values, [source, batch, pos, d_head]. */
  private Tensor projected(
      Tensor x,
      InputSums.Inputs inputs,
      List<Version> versions,
      int input,
      Tensor weight,
      Tensor bias,
      int shared) {
    long[] heads = versions.stream().mapToLong(version -> version.head() / shared).toArray();
    long[] read = read(versions, input).stream().mapToLong(inputs::of).toArray();
    long positions = x.size(2);
    var own = inputs.isOne() ? x : InputSums.select(x, read);
    return own.reshape(own.size(0), -1, config.dModel())
        .matmul(InputSums.select(weight, heads))
        .add(InputSums.select(bias, heads).unsqueeze(1))
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
      parts.add(InputSums.atPositions(clean, everyPosition).unsqueeze(0));
    }
    int rows = state.size() * (everyPosition ? state.length() : 1);
    int each = Math.max(1, NEURON_ROWS / rows);
    var versions = group.versions();
    for (int from = 0; from < versions.size(); from += each) {
      var part = versions.subList(from, Math.min(from + each, versions.size()));
      // Versions of one source differ in what they read: there is an input of each, in order.
      parts.add(
          TensorScope.tidy(() -> math.mlp(layer, sums.of(read(part, 0), everyPosition).values())));
    }
    return Tensors.cat(0, parts)
        .sub(InputSums.atPositions(state.ablated().values().mlps().get(layer), everyPosition));
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
      var values = state.metric(sums.of(computed, everyPosition).values());
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
