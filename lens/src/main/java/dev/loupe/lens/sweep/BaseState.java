package dev.loupe.lens.sweep;

import dev.loupe.lens.Change;
import dev.loupe.lens.PatchDirection;
import dev.loupe.model.ActivationCache;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Hooks;
import dev.loupe.model.KeyValueCache;
import dev.loupe.model.Run;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What the runs of a block of prompts have that are not intervened in: activations of the base run
 * and of the runs that values are taken from, and the base run's keys and values.
 */
final class BaseState implements AutoCloseable {
  // Weights that leave the processor's caches cost as much to read as so many rows.
  private static final int WORTH_A_PASS = 30;
  private static final int IN_CACHE = 256;

  private final PromptBlock block;
  private final int start;
  private final Means means;
  private final List<Integer> windows;
  private final Held held = new Held();
  private final Map<HookPoint, Tensor> base = new HashMap<>();
  private final Map<Source, Map<HookPoint, Tensor>> sources = new HashMap<>();
  private final List<Tensor> keys = new ArrayList<>();
  private final List<Tensor> values = new ArrayList<>();
  private final Reader reader;
  private final Reader sourceReader;
  private Optional<Tensor> baseLogits = Optional.empty();
  private double[] clean = {};
  private double[] corrupted = {};

  private BaseState(
      HookedTransformer model, Sweep sweep, PromptBlock block, int start, Means means) {
    this.block = block;
    this.start = start;
    this.means = means;
    windows = model.config().windows();
    reader = new Reader(model, sweep.metric(), block, block.base());
    sourceReader = new Reader(model, sweep.metric(), block, block.source(new Source.Plain()));
  }

  /** Computes the state that {@code needs} asks for. */
  static BaseState of(
      HookedTransformer model,
      Sweep sweep,
      PromptBlock block,
      Needs needs,
      Means means,
      Cancellation cancellation) {
    int start = Math.min(needs.start(), block.length() - 1);
    var state = new BaseState(model, sweep, block, start, means);
    try (var _ = TensorScope.open()) {
      state.compute(model, sweep.direction(), needs, cancellation);
      return state;
    } catch (RuntimeException | Error e) {
      state.close();
      throw e;
    }
  }

  private void compute(
      HookedTransformer model, PatchDirection direction, Needs needs, Cancellation cancellation) {
    var order = new ArrayList<Source>(needs.sources().keySet());
    order.remove(new Source.Plain());
    // The plain source run comes second, as its metric is always wanted.
    order.addFirst(new Source.Plain());
    var batches = new ArrayList<Tokens>();
    batches.add(block.base());
    order.forEach(source -> batches.add(block.source(source)));
    int size = block.size();
    int split = Math.min(start, commonPrefix(batches));
    if ((batches.size() - 1) * size * split < worthAPass(model)
        || !model.math().turnsAlike(split, block.length())) {
      split = 0;
    }
    try (var beginning = new KeyValueCache()) {
      if (split > 0) {
        model.run(
            Run.of(columns(batches.subList(0, 1), 0, split))
                .withKeyValueCache(beginning)
                .withHooks(asking(model, cancellation))
                .returning(Run.Returns.NOTHING));
      }
      try (var all = split > 0 ? beginning.repeated(batches.size()) : new KeyValueCache()) {
        int length = block.length();
        var kept = IntStream.range(start - split, length - split).boxed().toArray(Integer[]::new);
        var result =
            model.run(
                Run.of(columns(batches, split, length))
                    .withKeyValueCache(all)
                    .caching(needs.filter().at(kept))
                    .withHooks(asking(model, cancellation))
                    .returning(Run.Returns.LAST_RESIDUAL));
        hold(result.cache(), needs, order, size);
        for (int layer = 0; layer < model.config().nLayers(); layer++) {
          // As attention multiplies by them: [prompt, kv_head, d_head, pos] and [.., pos, d_head].
          var k = all.keys(layer).narrow(0, 0, size).permute(0, 2, 3, 1).contiguous();
          var v = all.values(layer).narrow(0, 0, size).permute(0, 2, 1, 3).contiguous();
          keys.add(held.hold(k));
          values.add(held.hold(v));
        }
        readBaselines(model, direction, batches, result.output());
      }
    }
  }

  private void hold(ActivationCache cache, Needs needs, List<Source> order, int size) {
    for (var point : cache.points()) {
      var activation = cache.get(point);
      if (needs.base().contains(point)) {
        base.put(point, held.hold(activation.narrow(0, 0, size).copy()));
      }
      for (int i = 0; i < order.size(); i++) {
        var source = order.get(i);
        if (needs.sources().containsKey(source)
            && Objects.requireNonNull(needs.sources().get(source)).contains(point)) {
          sources
              .computeIfAbsent(source, s -> new HashMap<>())
              .put(point, held.hold(activation.narrow(0, (i + 1L) * size, size).copy()));
        }
      }
    }
  }

  private void readBaselines(
      HookedTransformer model, PatchDirection direction, List<Tokens> batches, Tensor residual) {
    int size = block.size();
    Tensor logits;
    Tensor sourceLogits;
    if (reader.readsAll()) {
      logits = model.run(batches.get(0));
      sourceLogits = model.run(batches.get(1));
    } else {
      logits = reader.logits(residual.narrow(0, 0, size));
      sourceLogits = reader.logits(residual.narrow(0, size, size));
    }
    var kept = held.hold(logits);
    baseLogits = Optional.of(kept);
    double[] ofBase = reader.read(logits.unsqueeze(0), 0, kept)[0];
    double[] ofSource = sourceReader.read(sourceLogits.unsqueeze(0), 0, kept)[0];
    clean = direction == PatchDirection.DENOISING ? ofSource : ofBase;
    corrupted = direction == PatchDirection.DENOISING ? ofBase : ofSource;
  }

  private static int worthAPass(HookedTransformer model) {
    return model.config().dModel() > IN_CACHE ? WORTH_A_PASS : 1;
  }

  private int commonPrefix(List<Tokens> batches) {
    int prefix = block.length();
    for (var batch : batches) {
      for (int prompt = 0; prompt < block.size(); prompt++) {
        int at = Arrays.mismatch(batches.getFirst().row(prompt), batch.row(prompt));
        prefix = at < 0 ? prefix : Math.min(prefix, at);
      }
    }
    return prefix;
  }

  private static Tokens columns(List<Tokens> batches, int from, int to) {
    var rows = new ArrayList<long[]>();
    for (var batch : batches) {
      for (int prompt = 0; prompt < batch.batch(); prompt++) {
        rows.add(Arrays.copyOfRange(batch.row(prompt), from, to));
      }
    }
    return Tokens.of(rows.toArray(long[][]::new));
  }

  // A run asks at every block whether it is still wanted.
  private static Hooks asking(HookedTransformer model, Cancellation cancellation) {
    var hooks = Hooks.none();
    for (int layer = 0; layer < model.config().nLayers(); layer++) {
      hooks = hooks.read(HookPoint.residPre(layer), (x, at) -> cancellation.check());
    }
    return hooks;
  }

  PromptBlock block() {
    return block;
  }

  Reader reader() {
    return reader;
  }

  /** Returns the first position of the activations held. */
  int start() {
    return start;
  }

  /** Returns the base run's activation from {@link #start} on, [prompt, pos, ...]. */
  Tensor base(HookPoint point) {
    return Objects.requireNonNull(base.get(point), () -> point + " of the base run was not kept");
  }

  /** Returns a source run's activation from {@link #start} on, [prompt, pos, ...]. */
  Tensor source(Source source, HookPoint point) {
    var kept = Objects.requireNonNull(sources.get(source), () -> source + " was not run");
    return Objects.requireNonNull(kept.get(point), () -> point + " of " + source + " was not kept");
  }

  /** Tells whether a position attends to another in a layer. */
  boolean sees(int layer, int position, int source) {
    int window = windows.get(layer);
    return source <= position && (window == 0 || position - source < window);
  }

  /** Returns a mean from {@link #start} on, spread to [prompt, pos, ...]. */
  Tensor mean(HookPoint point, Change.Over over) {
    return means.of(point, over, block, start);
  }

  /** Returns the base run's keys of all positions, turned, [prompt, kv_head, d_head, pos]. */
  Tensor keys(int layer) {
    return keys.get(layer);
  }

  /** Returns the base run's values of all positions, [prompt, kv_head, pos, d_head]. */
  Tensor values(int layer) {
    return values.get(layer);
  }

  /** Returns the logits of the base run that the metric reads. */
  Tensor baseLogits() {
    return baseLogits.orElseThrow();
  }

  double[] clean() {
    return clean.clone();
  }

  double[] corrupted() {
    return corrupted.clone();
  }

  @Override
  public void close() {
    held.close();
  }
}
