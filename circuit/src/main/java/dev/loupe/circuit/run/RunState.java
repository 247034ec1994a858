package dev.loupe.circuit.run;

import dev.loupe.model.BlockMath;
import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Run;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * What all sources add in one run, and the residual streams that come of it.
 *
 * @param outputs what they add
 * @param streams at each place of {@link EdgePlan.Reading}, [batch, pos, d_model]
 */
record RunState(Outputs outputs, List<Tensor> streams) {
  /**
   * What sources add.
   *
   * @param input the embedding, [batch, pos, d_model]
   * @param z of the heads of each layer, [batch, pos, head, d_head], which W_O makes into it
   * @param mlps of each layer, [batch, pos, d_model]
   */
  record Outputs(Tensor input, List<Tensor> z, List<Tensor> mlps) {
    Outputs map(UnaryOperator<Tensor> change) {
      return new Outputs(
          change.apply(input), z.stream().map(change).toList(), mlps.stream().map(change).toList());
    }

    List<Tensor> all() {
      var all = new ArrayList<Tensor>();
      all.add(input);
      all.addAll(z);
      all.addAll(mlps);
      return all;
    }
  }

  /** Runs a model on prompts of one length. */
  static Outputs outputs(HookedTransformer model, Tokens tokens) {
    var config = model.config();
    var points = new ArrayList<HookPoint>();
    points.add(HookPoint.of(Kind.EMBED));
    if (!config.isRotary()) {
      points.add(HookPoint.of(Kind.POS_EMBED));
    }
    for (int layer = 0; layer < config.nLayers(); layer++) {
      points.add(HookPoint.z(layer));
      points.add(HookPoint.mlpOut(layer));
    }
    var cache =
        model
            .run(
                Run.of(tokens)
                    .caching(CacheFilter.only(points.toArray(HookPoint[]::new)))
                    .returning(Run.Returns.NOTHING))
            .cache();
    var token = cache.get(HookPoint.of(Kind.EMBED));
    return new Outputs(
        config.isRotary() ? token : token.add(cache.get(HookPoint.of(Kind.POS_EMBED))),
        IntStream.range(0, config.nLayers()).mapToObj(l -> cache.get(HookPoint.z(l))).toList(),
        IntStream.range(0, config.nLayers())
            .mapToObj(l -> cache.get(HookPoint.mlpOut(l)))
            .toList());
  }

  /** Adds up what sources add. */
  static RunState of(HookedTransformer model, Outputs outputs) {
    BlockMath math = model.math();
    var streams = new ArrayList<Tensor>();
    var stream = outputs.input();
    for (int layer = 0; layer < model.config().nLayers(); layer++) {
      streams.add(stream);
      var mid = stream.add(math.attentionOutput(layer, outputs.z().get(layer)));
      streams.add(model.config().parallelBlocks() ? stream : mid);
      stream = mid.add(outputs.mlps().get(layer));
    }
    streams.add(stream);
    return new RunState(outputs, streams);
  }

  /** Returns the same tensors in no scope, until {@link #free}. */
  RunState unscoped() {
    return new RunState(
        outputs.map(TensorScope::unscoped), streams.stream().map(TensorScope::unscoped).toList());
  }

  /** Frees all tensors of {@link #unscoped}. */
  void free() {
    outputs.all().forEach(Tensor::free);
    streams.forEach(Tensor::free);
  }
}
