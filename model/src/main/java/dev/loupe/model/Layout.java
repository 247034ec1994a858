package dev.loupe.model;

import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.Tensors;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;

/** Where the tokens of a run stand: after what a cache holds, between pads. Checks the request. */
final class Layout {
  private final ModelConfig config;
  private final int batch;
  private final int past;
  private final int length;
  private final long[] starts;
  private final long[] ends;
  private final Tensor model;

  /**
   * Lays out a run.
   *
   * @param model a tensor of the model, for its type and device
   * @throws IllegalArgumentException if the tokens, residual stream or cache are not this model's
   */
  Layout(ModelConfig config, Run request, Tensor model) {
    this.config = config;
    this.model = model;
    var tokens = request.tokens();
    tokens.ifPresent(t -> t.requireFor(config));
    switch (request.input()) {
      case Run.Input.FromTokens from -> {
        batch = from.tokens().batch();
        length = from.tokens().length();
      }
      case Run.Input.FromResidual from -> {
        checkResidual(from);
        batch = (int) from.residual().size(0);
        length = (int) from.residual().size(1);
      }
    }
    past = request.keyValueCache().map(KeyValueCache::length).orElse(0);
    if (past + length > config.nCtx()) {
      throw new IllegalArgumentException(
          past
              + " positions in the cache and "
              + length
              + " more: this model reads at most "
              + config.nCtx());
    }
    starts = new long[batch];
    ends = new long[batch];
    for (int row = 0; row < batch; row++) {
      int r = row;
      starts[row] = tokens.map(t -> (long) t.start(r)).orElse(0L);
      ends[row] = past + tokens.map(t -> t.last(r) + 1L).orElse((long) length);
    }
    request.keyValueCache().ifPresent(cache -> continueFrom(cache, request));
    requireOneRotation();
  }

  // With a cache the rows begin where they began in the first run.
  private void continueFrom(KeyValueCache cache, Run request) {
    // Before the layer after the last is the end of a run of all layers.
    boolean all =
        request.stopAtLayer().orElse(config.nLayers()) == config.nLayers()
            && !(request.input() instanceof Run.Input.FromResidual from
                && config.layer(from.layer()) != 0);
    if (!all && !cache.isFrozen()) {
      throw new IllegalArgumentException(
          "a key and value cache grows by runs of all layers; this one starts or stops between:"
              + " freeze the cache to read it only");
    }
    if (Arrays.stream(ends).anyMatch(end -> end < past + length)) {
      throw new IllegalArgumentException(
          "tokens padded on the right and a key and value cache: what follows would come after"
              + " the pads; pad on the left");
    }
    if (past == 0) {
      return;
    }
    if (Arrays.stream(starts).anyMatch(start -> start > 0)) {
      throw new IllegalArgumentException(
          "padded tokens after a key and value cache: expected rows of one length");
    }
    System.arraycopy(cache.startsFor(config, batch), 0, starts, 0, batch);
  }

  // Keys in a cache and rows of a batch share one table of angles, so they must agree on it.
  private void requireOneRotation() {
    for (int row = 0; row < batch; row++) {
      int own = (int) (ends[row] - starts[row]);
      if (!RotaryTable.alike(config, own, sequence())) {
        throw new IllegalArgumentException(
            "rows of "
                + own
                + " and "
                + sequence()
                + " tokens in one batch: this model turns positions by the length of the sequence,"
                + " so that each needs a run of its own");
      }
    }
    if (past > 0 && !RotaryTable.alike(config, past, past + length)) {
      throw new IllegalArgumentException(
          "a key and value cache of "
              + past
              + " positions and "
              + length
              + " more: this model turns positions by the length of the sequence, so that the keys"
              + " held are no longer right; run without the cache");
    }
  }

  private void checkResidual(Run.Input.FromResidual from) {
    var residual = from.residual();
    if (residual.dim() != 3
        || residual.numel() == 0
        || residual.size(2) != config.dModel()
        || residual.dtype() != model.dtype()
        || !residual.device().equals(model.device())) {
      throw new IllegalArgumentException(
          "residual stream "
              + residual.describe()
              + " on "
              + residual.device()
              + ": expected [batch, pos, "
              + config.dModel()
              + "] "
              + model.dtype()
              + " on "
              + model.device());
    }
    from.tokens()
        .filter(t -> t.batch() != residual.size(0) || t.length() != residual.size(1))
        .ifPresent(t -> {
          throw new IllegalArgumentException(
              "residual stream "
                  + residual.describe()
                  + " of tokens ["
                  + t.batch()
                  + ", "
                  + t.length()
                  + "]: expected the same batch and positions");
        });
  }

  int batch() {
    return batch;
  }

  int length() {
    return length;
  }

  /** Returns where the first token of each row stands, counted from the first of the past. */
  long[] starts() {
    return starts.clone();
  }

  AttentionMask mask() {
    return new AttentionMask(past, length, starts, ends, config.windows(), model.device());
  }

  /** Returns the position of every token, pads having 0: I64 [batch, pos]. */
  Tensor positions() {
    return Tensors.of(positions(batch), batch, length).to(model.device());
  }

  /** Returns the angles of the positions, in a rotary model. */
  Optional<RotaryTable> rotary() {
    if (!(config.positions() instanceof Positions.Rotary rotary)) {
      return Optional.empty();
    }
    int rows = Arrays.stream(starts).allMatch(start -> start == starts[0]) ? 1 : batch;
    return Optional.of(
        RotaryTable.of(rotary, positions(rows), rows, sequence(), model.dtype(), model.device()));
  }

  private long[] positions(int rows) {
    return IntStream.range(0, rows * length)
        .mapToLong(i -> Math.max(0, past + i % length - starts[i / length]))
        .toArray();
  }

  /** Returns the length of the longest row, pads aside. */
  private int sequence() {
    return IntStream.range(0, batch).map(row -> (int) (ends[row] - starts[row])).max().orElse(0);
  }
}
