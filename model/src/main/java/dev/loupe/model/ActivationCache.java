package dev.loupe.model;

import dev.loupe.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.BiFunction;

/**
 * The activations that a run kept, by hook point. The tensors belong to the scope that was open
 * when the run was started.
 */
public final class ActivationCache {
  private final ModelConfig config;
  private final SequencedMap<HookPoint, Tensor> activations;

  ActivationCache(ModelConfig config, Map<HookPoint, Tensor> activations) {
    this.config = config;
    this.activations = new LinkedHashMap<>(activations);
  }

  /** Returns the config of the model that was run. */
  public ModelConfig config() {
    return config;
  }

  /**
   * Returns the activation at a point, in the shape that {@link HookPoint.Kind} gives for it.
   *
   * @throws IllegalArgumentException if the model has no such point, or the run did not keep it
   */
  public Tensor get(HookPoint point) {
    point.requireIn(config);
    var found = activations.get(point);
    if (found == null) {
      throw new IllegalArgumentException(
          point
              + " was not kept by this run; it kept "
              + summary()
              + ". Name it in the CacheFilter of runWithCache");
    }
    return found;
  }

  /** Returns the activation at a point by its name, {@code blocks.9.attn.hook_z}. */
  public Tensor get(String name) {
    return get(HookPoint.parse(name));
  }

  /** Returns the activation of a kind in a layer, -1 the last. */
  public Tensor get(HookPoint.Kind kind, int layer) {
    return get(kind.inBlock() ? new HookPoint(kind, config.layer(layer)) : HookPoint.of(kind));
  }

  /** Tells whether the run kept this point. */
  public boolean has(HookPoint point) {
    return activations.containsKey(point);
  }

  /** Returns the points that were kept, in the order in which they fired. */
  public Set<HookPoint> points() {
    return Collections.unmodifiableSequencedSet(activations.sequencedKeySet());
  }

  /** Returns the cache of one row; every tensor keeps a batch dimension of size 1. */
  public ActivationCache batch(int row) {
    return map((point, t) -> t.narrow(0, row, 1));
  }

  /**
   * Returns the cache of {@code length} positions from {@code start} on; scores and patterns are
   * cut by destination.
   */
  public ActivationCache positions(int start, int length) {
    return map((point, t) -> t.narrow(positionDim(point.kind()), start, length));
  }

  /** Returns a cache in which every activation is {@code change} of the old one. */
  public ActivationCache map(BiFunction<HookPoint, Tensor, Tensor> change) {
    var changed = new LinkedHashMap<HookPoint, Tensor>();
    activations.forEach((point, tensor) -> changed.put(point, change.apply(point, tensor)));
    return new ActivationCache(config, changed);
  }

  /** Returns the bytes of all activations. */
  public long bytes() {
    return activations.values().stream().mapToLong(Tensor::bytes).sum();
  }

  /** Returns the number of activations and the memory they take. */
  @Override
  public String toString() {
    return "ActivationCache of %d activations, %.1f MiB"
        .formatted(activations.size(), bytes() / (double) (1 << 20));
  }

  static int positionDim(HookPoint.Kind kind) {
    return kind == HookPoint.Kind.PATTERN || kind == HookPoint.Kind.ATTN_SCORES ? 2 : 1;
  }

  private String summary() {
    var names = activations.keySet().stream().map(HookPoint::toString).toList();
    return names.isEmpty()
        ? "nothing"
        : names.size() <= 12
            ? String.join(", ", names)
            : String.join(", ", List.copyOf(names).subList(0, 12))
                + ", ... ("
                + names.size()
                + " points)";
  }
}
