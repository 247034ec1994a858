package dev.loupe.model;

import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Keys and values of the tokens a model has read, so that the next run reads only what follows. A
 * run given one reads the tokens that come after those it holds, and adds them to it when it
 * succeeds; a batch of rows of several lengths is padded on the left. One cache serves one batch
 * and one thread. What it holds is its own, whatever scopes are open, until it is closed.
 */
public final class KeyValueCache implements AutoCloseable {
  /**
   * What a layer attends to, [batch, pos, kv_head, d_head].
   *
   * @param key turned, in rotary models
   * @param value the values
   */
  record Pair(Tensor key, Tensor value) {}

  private final List<Pair> layers = new ArrayList<>();
  private long[] starts = {};
  private boolean frozen;

  /** Creates an empty cache. */
  public KeyValueCache() {}

  /** Returns how many positions it holds. */
  public int length() {
    return layers.isEmpty() ? 0 : (int) layers.getFirst().key().size(1);
  }

  /**
   * Returns the keys a layer attends to, turned in rotary models, [batch, pos, kv_head, d_head].
   */
  public Tensor keys(int layer) {
    return layers.get(layer).key();
  }

  /** Returns the values of a layer, [batch, pos, kv_head, d_head]. */
  public Tensor values(int layer) {
    return layers.get(layer).value();
  }

  /** Returns a cache of {@code times} copies of its batch, one after the other. */
  public KeyValueCache repeated(int times) {
    long batch = starts.length;
    return part(LongStream.range(0, times * batch).map(row -> row % batch).toArray(), length());
  }

  /**
   * Returns a cache of the first {@code positions} of some of its rows, each as often as it is
   * named.
   *
   * @throws IllegalArgumentException if it has not so many positions
   */
  public KeyValueCache part(long[] rows, int positions) {
    if (positions < 1 || positions > length()) {
      throw new IllegalArgumentException(
          positions + " positions of a key and value cache of " + length());
    }
    var part = new KeyValueCache();
    try (var _ = TensorScope.open()) {
      part.commit(
          layers.stream()
              .map(pair ->
                  new Pair(
                      pair.key().narrow(1, 0, positions).indexSelect(0, rows),
                      pair.value().narrow(1, 0, positions).indexSelect(0, rows)))
              .toList(),
          LongStream.of(rows).map(row -> starts[(int) row]).toArray());
    }
    return part;
  }

  /**
   * Keeps it as it is: runs given it read it and no longer add to it, so that many may go on from
   * one beginning, also on several threads.
   */
  public void freeze() {
    frozen = true;
  }

  boolean isFrozen() {
    return frozen;
  }

  /**
   * Returns where the first token of each row stands, in the rows as first given.
   *
   * @throws IllegalArgumentException if what is held is of another model or batch
   */
  long[] startsFor(ModelConfig config, int batch) {
    if (starts.length != batch) {
      throw new IllegalArgumentException(
          batch + " rows after a key and value cache of " + starts.length);
    }
    var key = layers.getFirst().key();
    if (layers.size() != config.nLayers()
        || key.size(2) != config.nKeyValueHeads()
        || key.size(3) != config.dHead()) {
      throw new IllegalArgumentException(
          "a key and value cache of %d layers and %s: expected one of this model, %d layers and [batch, pos, %d, %d]"
              .formatted(
                  layers.size(),
                  key.describe(),
                  config.nLayers(),
                  config.nKeyValueHeads(),
                  config.dHead()));
    }
    return starts.clone();
  }

  /** Returns what a layer holds followed by what it now computed. */
  Pair join(int layer, Tensor key, Tensor value) {
    if (layers.isEmpty()) {
      return new Pair(key, value);
    }
    var held = layers.get(layer);
    return new Pair(
        Tensors.cat(1, List.of(held.key(), key)), Tensors.cat(1, List.of(held.value(), value)));
  }

  /** Holds the keys and values of a finished run. */
  void commit(List<Pair> pairs, long[] firstStarts) {
    if (frozen) {
      return;
    }
    if (layers.isEmpty()) {
      starts = firstStarts.clone();
    }
    close();
    for (var pair : pairs) {
      layers.add(new Pair(TensorScope.unscoped(pair.key()), TensorScope.unscoped(pair.value())));
    }
  }

  /** Frees what it holds; it is empty then. */
  @Override
  public void close() {
    for (var pair : layers) {
      pair.key().free();
      pair.value().free();
    }
    layers.clear();
  }
}
