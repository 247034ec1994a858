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
import dev.loupe.tensor.Tensors;
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

  /** Takes the logits of some rows, [row, column], depth by depth. */
  interface Reader {
    /** Takes those of the final residual stream, which stay until all depths are read. */
    void last(Tensor logits);

    /** Reads those of a depth, counted from 0. */
    void read(int depth, Tensor logits);
  }

  /**
   * Computes the logits of {@code count} rows from {@code from} on, depth by depth, and frees those
   * of a depth when they are read.
   *
   * @param most how many rows of logits may be held at once: as many depths go into one product
   * @param unembedding makes logits of what the unembedding reads
   */
  void logits(int from, int count, int most, UnaryOperator<Tensor> unembedding, Reader reader) {
    try (var _ = TensorScope.open()) {
      int end = streams.size() - 1;
      var stream = streams.get(end).narrow(0, from, count);
      var finalScale = math.scale(stream);
      // As the forward pass has it, so that the last row is the model's own logits.
      var last = unembedding.apply(math.unembeddingInput(math.normalized(stream)));
      reader.last(last);
      int together = Math.max(1, most / count);
      for (int first = 0; first < end; first += together) {
        int depths = Math.min(together, end - first);
        try (var _ = TensorScope.open()) {
          var read = new ArrayList<Tensor>();
          for (var earlier : streams.subList(first, first + depths)) {
            read.add(normalized(earlier.narrow(0, from, count), finalScale));
          }
          var logits = unembedding.apply(math.unembeddingInput(Tensors.cat(0, read)));
          for (int depth = 0; depth < depths; depth++) {
            try (var _ = TensorScope.open()) {
              var own = logits.narrow(0, (long) depth * count, count);
              reader.read(first + depth, own);
            }
          }
        }
      }
      reader.read(end, last);
    }
  }

  private Tensor normalized(Tensor stream, Tensor finalScale) {
    return switch (scale) {
      case CACHED -> math.normalized(stream, finalScale);
      case RECOMPUTED -> math.normalized(stream);
    };
  }

  @Override
  public void close() {
    streams.forEach(Tensor::free);
  }
}
