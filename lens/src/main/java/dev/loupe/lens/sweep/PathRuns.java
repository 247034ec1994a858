package dev.loupe.lens.sweep;

import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.sweep.PathPatching.Recompute;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Hooks;
import dev.loupe.model.KeyValueCache;
import dev.loupe.model.Run;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;

/** What path patching reads of the base and the source run, at the places that it concerns. */
final class PathRuns implements AutoCloseable {
  private final HookedTransformer model;
  private final PathLayout layout;
  private final Cancellation cancellation;
  private final Held held = new Held();
  private final Map<HookPoint, Tensor> base = new HashMap<>();
  private final Map<HookPoint, Tensor> sent = new HashMap<>();
  private final Map<HookPoint, Tensor> whole = new HashMap<>();
  private final OptionalInt replayFrom;
  private final KeyValueCache beginning = new KeyValueCache();
  private Optional<Tensor> replayStart = Optional.empty();
  private final Tensor baseFinal;
  private final Tensor sourceFinal;

  PathRuns(
      HookedTransformer model,
      PathPatching patching,
      PathLayout layout,
      Cancellation cancellation) {
    this.model = model;
    this.layout = layout;
    this.cancellation = cancellation;
    replayFrom =
        patching.receivers().stream()
            .filter(receiver -> !(receiver instanceof Receiver.FinalResidual))
            .mapToInt(receiver -> PathStages.layer(layout.stages().of(receiver)))
            .min();
    boolean noising = patching.direction() == PatchDirection.NOISING;
    var prompts = patching.prompts();
    try (var _ = TensorScope.open()) {
      var senderPoints = senderPoints();
      var basePoints = new HashSet<>(senderPoints);
      if (layout.held().length > 0) {
        basePoints.addAll(pathPoints(patching));
      }
      baseFinal =
          read(
              noising ? prompts.clean() : prompts.corrupted(),
              basePoints,
              true,
              (point, value) -> base.put(point, held.hold(value)));
      sourceFinal =
          read(
              noising ? prompts.corrupted() : prompts.clean(),
              senderPoints,
              false,
              (point, value) -> sent.put(point, held.hold(value.sub(base(point)))));
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private Set<HookPoint> senderPoints() {
    var points = new HashSet<HookPoint>();
    for (int stage : layout.sendingStages()) {
      int layer = PathStages.layer(stage);
      points.add(layout.stages().isMlp(stage) ? HookPoint.mlpOut(layer) : HookPoint.z(layer));
    }
    return points;
  }

  private Set<HookPoint> pathPoints(PathPatching patching) {
    var points = new HashSet<HookPoint>();
    for (var receiver : patching.receivers()) {
      switch (receiver) {
        case Receiver.HeadInput input -> points.add(HookPoint.residPre(input.head().layer()));
        case Receiver.Mlp mlp -> points.add(mlpInput(mlp.layer()));
        case Receiver.FinalResidual _ -> {}
      }
    }
    if (patching.recomputes(Recompute.MLPS)) {
      int first = layout.sendingStages().stream().mapToInt(stage -> stage).min().orElse(0);
      int last = layout.lastStage();
      IntStream.range(0, model.config().nLayers())
          .filter(layer -> first <= layout.stages().mlp(layer))
          .filter(layer -> layout.stages().mlp(layer) < last)
          .forEach(layer -> {
            points.add(mlpInput(layer));
            points.add(HookPoint.mlpOut(layer));
          });
    }
    return points;
  }

  // Reads points at the held places; returns the final residual stream of every place.
  private Tensor read(
      Tokens tokens, Set<HookPoint> points, boolean isBase, BiConsumer<HookPoint, Tensor> taker) {
    var hooks = Hooks.none();
    for (int layer = 0; layer < model.config().nLayers(); layer++) {
      hooks = hooks.read(HookPoint.residPre(layer), (_, _) -> cancellation.check());
    }
    for (var point : points) {
      hooks = hooks.read(point, (value, _) -> taker.accept(point, atHeld(value)));
    }
    if (isBase && replayFrom.isPresent()) {
      var start = HookPoint.residPre(replayFrom.getAsInt());
      hooks = hooks.read(start, (value, _) -> replayStart = Optional.of(held.hold(value)));
      for (var point : pointsOfLaterReceivers()) {
        hooks = hooks.read(point, (value, _) -> whole.put(point, held.hold(value)));
      }
    }
    int end = model.config().nLayers();
    var run = Run.of(tokens).withHooks(hooks).stoppingAt(end);
    boolean replays = isBase && replayFrom.isPresent();
    return held.hold(model.run(replays ? run.withKeyValueCache(beginning) : run).output());
  }

  // What earlier receivers could change although it is to be what was recorded.
  private Set<HookPoint> pointsOfLaterReceivers() {
    var points = new HashSet<HookPoint>();
    for (var receiver : layout.receivers()) {
      if (!(receiver instanceof Receiver.FinalResidual) && layout.isLater(receiver)) {
        points.add(PathReplay.point(receiver));
      }
    }
    return points;
  }

  private Tensor atHeld(Tensor value) {
    var shape = value.shape();
    var flat = new long[shape.length - 1];
    flat[0] = -1;
    System.arraycopy(shape, 2, flat, 1, shape.length - 2);
    return value.reshape(flat).indexSelect(0, layout.held());
  }

  /** Returns what an MLP reads. */
  HookPoint mlpInput(int layer) {
    return model.config().parallelBlocks() ? HookPoint.residPre(layer) : HookPoint.residMid(layer);
  }

  /** Returns an activation of the base run at the held places, [held, ...]. */
  Tensor base(HookPoint point) {
    var found = base.get(point);
    if (found == null) {
      throw new IllegalStateException(point + " was not read of the base run");
    }
    return found;
  }

  /** Returns what a later receiver computes in the base run, [prompt, pos, ...]. */
  Tensor ofLaterReceiver(HookPoint point) {
    var found = whole.get(point);
    if (found == null) {
      throw new IllegalStateException(point + " was not read of the whole base run");
    }
    return found;
  }

  /** Returns what a sender has in the source run minus in the base run, [held, ...]. */
  Tensor sent(HookPoint point) {
    var found = sent.get(point);
    if (found == null) {
      throw new IllegalStateException(point + " was not read of the source run");
    }
    return found;
  }

  /** Returns the final residual stream of the base run, [prompt, pos, d_model]. */
  Tensor baseFinal() {
    return baseFinal;
  }

  /** Returns the final residual stream of the source run, [prompt, pos, d_model]. */
  Tensor sourceFinal() {
    return sourceFinal;
  }

  /** Returns the final residual stream of the base run at the held places, [held, d_model]. */
  Tensor baseFinalHeld() {
    return atHeld(baseFinal);
  }

  /** Returns the first layer that a receiver is in, the final residual stream aside. */
  OptionalInt replayFrom() {
    return replayFrom;
  }

  /** Returns what that layer receives in the base run, [prompt, pos, d_model]. */
  Tensor replayStart() {
    return replayStart.orElseThrow();
  }

  /** Returns the keys and values of the base run before a position, for a second run to read. */
  KeyValueCache before(int position, long... prompts) {
    var part = beginning.part(prompts, position);
    part.freeze();
    return part;
  }

  @Override
  public void close() {
    beginning.close();
    held.close();
  }
}
