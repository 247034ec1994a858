package dev.loupe.lens.logitlens;

import dev.loupe.model.ActivationCache;
import dev.loupe.model.BlockMath;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Hooks;
import dev.loupe.model.NormScale;
import dev.loupe.model.Run;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** Residual streams at chosen positions of a batch, at every depth, and the logits they give. */
final class ResidualRows implements AutoCloseable {
  private final BlockMath math;
  private final NormScale scale;
  // [row, d_model] a depth, the final one last
  private final List<Tensor> streams = new ArrayList<>();

  private ResidualRows(BlockMath math, NormScale scale) {
    this.math = math;
    this.scale = scale;
  }

  /**
   * Runs a batch without pads.
   *
   * @param rows which positions are kept: their places in [batch * pos]
   */
  static ResidualRows of(
      HookedTransformer model, Tokens tokens, List<Depth> depths, NormScale scale, long... rows) {
    var kept = new ResidualRows(model.math(), scale);
    boolean whole = false;
    try (var _ = TensorScope.open()) {
      var hooks = Hooks.none();
      for (var depth : depths) {
        // Only the rows: all positions of all layers would be the largest thing in memory.
        hooks = hooks.read(depth.point(), (x, _) -> kept.keep(x, rows));
      }
      model.run(Run.of(tokens).withHooks(hooks).returning(Run.Returns.NOTHING));
      whole = true;
      return kept;
    } finally {
      if (!whole) {
        kept.close();
      }
    }
  }

  /** Takes the same of a run that was made, whose cache has every depth. */
  static ResidualRows of(
      HookedTransformer model,
      ActivationCache cache,
      List<Depth> depths,
      NormScale scale,
      long... rows) {
    var kept = new ResidualRows(model.math(), scale);
    boolean whole = false;
    try (var _ = TensorScope.open()) {
      depths.forEach(depth -> kept.keep(cache.get(depth.point()), rows));
      whole = true;
      return kept;
    } finally {
      if (!whole) {
        kept.close();
      }
    }
  }

  private void keep(Tensor stream, long... rows) {
    streams.add(
        TensorScope.unscoped(
            stream.reshape(-1, stream.size(stream.dim() - 1)).indexSelect(0, rows)));
  }

  /** Takes the logits of some rows at one depth. */
  interface Reader {
    /**
     * Reads them.
     *
     * @param depth counted from 0
     * @param logits [row, column]
     * @param last the same of the final residual stream
     */
    void read(int depth, Tensor logits, Tensor last);
  }

  /**
   * Computes the logits of {@code count} rows from {@code from} on, depth by depth, and frees those
   * of a depth when they are read.
   *
   * @param unembedding makes logits of what the unembedding reads
   */
  void logits(int from, int count, UnaryOperator<Tensor> unembedding, Reader reader) {
    try (var _ = TensorScope.open()) {
      int end = streams.size() - 1;
      var stream = streams.get(end).narrow(0, from, count);
      var finalScale = math.scale(stream);
      // As the forward pass has it, so that the last row is the model's own logits.
      var last = unembedding.apply(math.unembeddingInput(math.normalized(stream)));
      for (int depth = 0; depth < end; depth++) {
        try (var _ = TensorScope.open()) {
          var earlier = streams.get(depth).narrow(0, from, count);
          var normalized =
              switch (scale) {
                case CACHED -> math.normalized(earlier, finalScale);
                case RECOMPUTED -> math.normalized(earlier);
              };
          reader.read(depth, unembedding.apply(math.unembeddingInput(normalized)), last);
        }
      }
      reader.read(end, last, last);
    }
  }

  @Override
  public void close() {
    streams.forEach(Tensor::free);
  }
}
