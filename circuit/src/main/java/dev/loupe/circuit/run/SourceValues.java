package dev.loupe.circuit.run;

import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.ModelConfig;
import dev.loupe.model.Run;
import dev.loupe.model.RunResult;
import dev.loupe.model.Tokens;
import dev.loupe.model.Weights;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * What the sources of a graph hold for prompts of one length: the input and MLPs what they write,
 * heads their z, of which what they write is linear.
 *
 * @param input [prompt, pos, d_model]
 * @param z of each block [prompt, pos, head, d_head]
 * @param mlps of each block [prompt, pos, d_model]
 */
public record SourceValues(Tensor input, List<Tensor> z, List<Tensor> mlps) {
  /** Copies the lists. */
  public SourceValues {
    z = List.copyOf(z);
    mlps = List.copyOf(mlps);
  }

  /** Returns where they stand. */
  public static List<HookPoint> points(ModelConfig config) {
    var points = new ArrayList<HookPoint>();
    points.add(HookPoint.residPre(0));
    for (int layer = 0; layer < config.nLayers(); layer++) {
      points.add(HookPoint.z(layer));
      points.add(HookPoint.mlpOut(layer));
    }
    return points;
  }

  /** Returns what stands at {@link #points}. */
  public static SourceValues of(ModelConfig config, Function<HookPoint, Tensor> at) {
    var layers = IntStream.range(0, config.nLayers()).boxed().toList();
    return new SourceValues(
        at.apply(HookPoint.residPre(0)),
        layers.stream().map(layer -> at.apply(HookPoint.z(layer))).toList(),
        layers.stream().map(layer -> at.apply(HookPoint.mlpOut(layer))).toList());
  }

  /** Runs prompts of one length. */
  public static SourceValues of(HookedTransformer model, Tokens tokens) {
    var points = points(model.config()).toArray(HookPoint[]::new);
    return of(model, tokens, Run.Returns.NOTHING, points).values();
  }

  /** A run and what its sources hold. */
  public record Ran(SourceValues values, RunResult result) {}

  /**
   * Runs prompts of one length.
   *
   * @param points what is kept: {@link #points} and others
   */
  public static Ran of(
      HookedTransformer model, Tokens tokens, Run.Returns returns, HookPoint... points) {
    var result = model.run(Run.of(tokens).caching(CacheFilter.only(points)).returning(returns));
    return new Ran(of(model.config(), result.cache()::get), result);
  }

  /** Returns these, each changed. */
  public SourceValues map(UnaryOperator<Tensor> change) {
    return new SourceValues(
        change.apply(input), z.stream().map(change).toList(), mlps.stream().map(change).toList());
  }

  /** Returns the input, z of each block and what each MLP writes, in this order. */
  List<Tensor> all() {
    var all = new ArrayList<Tensor>();
    all.add(input);
    all.addAll(z);
    all.addAll(mlps);
    return all;
  }

  /** Returns what has given {@link #all}. */
  static SourceValues ofAll(List<Tensor> all) {
    int layers = all.size() / 2;
    return new SourceValues(
        all.getFirst(), all.subList(1, 1 + layers), all.subList(1 + layers, all.size()));
  }

  private SourceValues with(SourceValues other, BinaryOperator<Tensor> both) {
    return new SourceValues(
        both.apply(input, other.input),
        IntStream.range(0, z.size()).mapToObj(i -> both.apply(z.get(i), other.z.get(i))).toList(),
        IntStream.range(0, mlps.size())
            .mapToObj(i -> both.apply(mlps.get(i), other.mlps.get(i)))
            .toList());
  }

  /** Returns these minus others, of a type wide enough to be added up. */
  public SourceValues minus(SourceValues others) {
    return with(others, (own, other) -> TensorScope.tidy(() -> own.widened().sub(other.widened())));
  }

  /** Returns what each source writes, as one row each: [prompt, source, pos * d_model]. */
  public Tensor written(GraphShape shape, Weights weights) {
    long prompts = input.size(0);
    long length = input.size(1);
    long width = input.size(2);
    long heads = shape.heads();
    var rows =
        Tensors.zeros(input.dtype(), prompts, shape.sources(), length, width).to(input.device());
    rows.select(1, 0).copyInPlace(input);
    for (int layer = 0; layer < shape.layers(); layer++) {
      try (var _ = TensorScope.open()) {
        long first = 1 + layer * (heads + 1);
        var byHead =
            z.get(layer).permute(2, 0, 1, 3).reshape(heads, prompts * length, z.get(layer).size(3));
        var written = byHead.matmul(weights.blocks().get(layer).wO().to(input.dtype()));
        rows.narrow(1, first, heads)
            .copyInPlace(written.reshape(heads, prompts, length, width).permute(1, 0, 2, 3));
        rows.select(1, first + heads).copyInPlace(mlps.get(layer));
      }
    }
    return rows.reshape(prompts, shape.sources(), length * width);
  }
}
