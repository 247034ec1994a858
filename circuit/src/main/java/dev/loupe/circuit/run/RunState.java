package dev.loupe.circuit.run;

import dev.loupe.model.BlockMath;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Run;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

/**
 * What all sources hold in one run, and the residual streams that come of it.
 *
 * @param values what they hold
 * @param streams at each place of {@link EdgePlan.Reading}, [batch, pos, d_model]
 */
record RunState(SourceValues values, List<Tensor> streams) {
  /** Runs prompts of one length, in the scope that is open. */
  static RunState ran(HookedTransformer model, Tokens tokens) {
    var config = model.config();
    var at = new ArrayList<HookPoint>();
    for (int layer = 0; layer < config.nLayers(); layer++) {
      var pre = HookPoint.residPre(layer);
      at.add(pre);
      at.add(config.parallelBlocks() ? pre : HookPoint.residMid(layer));
    }
    at.add(HookPoint.residPost(config.nLayers() - 1));
    var kept = new LinkedHashSet<>(SourceValues.points(config));
    kept.addAll(at);
    var ran =
        SourceValues.of(model, tokens, Run.Returns.NOTHING, kept.toArray(HookPoint[]::new));
    return new RunState(ran.values(), at.stream().map(ran.result().cache()::get).toList());
  }

  /** Adds up what sources add. */
  static RunState of(HookedTransformer model, SourceValues values) {
    BlockMath math = model.math();
    var streams = new ArrayList<Tensor>();
    var stream = values.input();
    for (int layer = 0; layer < model.config().nLayers(); layer++) {
      streams.add(stream);
      var mid = stream.add(math.attentionOutput(layer, values.z().get(layer)));
      streams.add(model.config().parallelBlocks() ? stream : mid);
      stream = mid.add(values.mlps().get(layer));
    }
    streams.add(stream);
    return new RunState(values, streams);
  }

  /** Returns the same tensors in no scope, until {@link #free}. */
  RunState unscoped() {
    return new RunState(
        values.map(TensorScope::unscoped), streams.stream().map(TensorScope::unscoped).toList());
  }

  /** Frees all tensors of {@link #unscoped}. */
  void free() {
    values.all().forEach(Tensor::free);
    streams.forEach(Tensor::free);
  }
}
