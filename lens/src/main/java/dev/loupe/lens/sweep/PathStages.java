package dev.loupe.lens.sweep;

import dev.loupe.lens.Intervention;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.ModelConfig;

/**
 * The order in which attention and MLPs write to the residual stream, two stages a layer. What
 * reads at a stage sees what earlier stages wrote. In parallel blocks the MLP comes first, as
 * nothing that attention writes in the same block reaches it.
 */
record PathStages(int layers, boolean parallel) {
  static PathStages of(ModelConfig config) {
    return new PathStages(config.nLayers(), config.parallelBlocks());
  }

  int attention(int layer) {
    return 2 * layer + (parallel ? 1 : 0);
  }

  int mlp(int layer) {
    return 2 * layer + (parallel ? 0 : 1);
  }

  boolean isMlp(int stage) {
    return stage == mlp(layer(stage));
  }

  static int layer(int stage) {
    return stage / 2;
  }

  /** Returns the stage at which a sender writes. */
  int of(Intervention sender) {
    var point = sender.site().point();
    return point.kind() == Kind.MLP_OUT ? mlp(point.layer()) : attention(point.layer());
  }

  /** Returns the stage at which a receiver reads. */
  int of(Receiver receiver) {
    return switch (receiver) {
      case Receiver.HeadInput input -> 2 * input.head().layer();
      case Receiver.Mlp mlp -> mlp(mlp.layer());
      case Receiver.FinalResidual _ -> 2 * layers;
    };
  }
}
