package dev.loupe.lens.sweep;

import dev.loupe.lens.sweep.PathSenderPass.Recorded;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Hooks;
import dev.loupe.model.Run;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * The second run of path patching: the base run from the first receiver's layer on, with what
 * receivers compute replaced by what was recorded.
 */
final class PathReplay {
  private final HookedTransformer model;
  private final PathLayout layout;
  private final PathRuns runs;

  /** A cell, counted within a chunk, and a prompt. */
  record Pair(int cell, int prompt) {}

  /**
   * What came out.
   *
   * @param pairs what was run
   * @param residual the final residual stream of each, [pair, pos, d_model], from {@code from} on
   * @param from the first position
   */
  record Replayed(List<Pair> pairs, Tensor residual, int from) {}

  PathReplay(HookedTransformer model, PathLayout layout, PathRuns runs) {
    this.model = model;
    this.layout = layout;
    this.runs = runs;
  }

  /** Runs the positions from {@code changed} on, before which nothing that was recorded differs. */
  Replayed run(List<Recorded> recorded, int changed, Cancellation cancellation) {
    // Where a scaling goes by the length, keys of the beginning alone are turned otherwise.
    int from = model.math().turnsAlike(changed, layout.length()) ? changed : 0;
    var pairs =
        List.copyOf(
            new LinkedHashSet<>(
                recorded.stream().flatMap(r -> r.rows().stream()).map(this::pair).toList()));
    int first = runs.replayFrom().orElseThrow();
    long[] prompts = pairs.stream().mapToLong(Pair::prompt).toArray();
    var start = runs.replayStart().narrow(1, from, layout.length() - from).indexSelect(0, prompts);
    var hooks = Hooks.none();
    for (int layer = first; layer < model.config().nLayers(); layer++) {
      hooks = hooks.read(HookPoint.residPre(layer), (_, _) -> cancellation.check());
    }
    Map<Receiver, Recorded> byReceiver = new HashMap<>();
    recorded.forEach(one -> byReceiver.put(one.receiver(), one));
    for (var receiver : layout.receivers()) {
      var found = Optional.ofNullable(byReceiver.get(receiver));
      boolean later = layout.isLater(receiver) && !(receiver instanceof Receiver.FinalResidual);
      if (found.isPresent() || later) {
        hooks =
            hooks.replace(
                point(receiver), (value, _) -> replaced(value, receiver, found, pairs, from));
      }
    }
    var run = Run.startAtLayer(first, start).withHooks(hooks).stoppingAt(model.config().nLayers());
    if (from == 0) {
      return new Replayed(pairs, model.run(run).output(), from);
    }
    try (var before = runs.before(from, prompts)) {
      return new Replayed(pairs, model.run(run.withKeyValueCache(before)).output(), from);
    }
  }

  private Pair pair(PathLayout.Row row) {
    return new Pair(row.cell(), row.place() / layout.length());
  }

  /** Returns where a receiver's first output is, that of an MLP whole. */
  static HookPoint point(Receiver receiver) {
    return switch (receiver) {
      case Receiver.HeadInput input ->
          switch (input.role()) {
            case QUERY -> HookPoint.q(input.head().layer());
            case KEY -> HookPoint.k(input.head().layer());
            case VALUE -> HookPoint.v(input.head().layer());
          };
      case Receiver.Mlp mlp -> HookPoint.mlpOut(mlp.layer());
      case Receiver.FinalResidual _ ->
          throw new IllegalArgumentException(receiver + " is not part of a second run");
    };
  }

  // [pair, pos, ...] with what was recorded in its place: rows that senders changed, and those of
  // the base run that they did not, whatever receivers before this one do.
  private Tensor replaced(
      Tensor value, Receiver receiver, Optional<Recorded> recorded, List<Pair> pairs, int from) {
    boolean isHead = receiver instanceof Receiver.HeadInput;
    int heads = isHead ? (int) value.size(2) : 1;
    int head = receiver instanceof Receiver.HeadInput input ? input.head().index() : 0;
    int length = layout.length();
    int width = length - from;
    var parts = new ArrayList<Tensor>();
    parts.add(flat(value));
    long[] index = LongStream.range(0, parts.getFirst().size(0)).toArray();
    long next = index.length;
    if (layout.isLater(receiver)) {
      var base = flat(runs.ofLaterReceiver(point(receiver)));
      parts.add(base);
      var places = layout.received(receiver);
      for (int i = 0; i < pairs.size(); i++) {
        for (int position = from; position < length; position++) {
          int place = pairs.get(i).prompt() * length + position;
          if (places.get(place)) {
            index[(i * width + position - from) * heads + head] =
                next + (long) place * heads + head;
          }
        }
      }
      next += base.size(0);
    }
    if (recorded.isPresent()) {
      parts.add(recorded.get().values());
      Map<Pair, Integer> batch = new HashMap<>();
      pairs.forEach(pair -> batch.put(pair, batch.size()));
      for (var row : recorded.get().rows()) {
        int at = Objects.requireNonNull(batch.get(pair(row)));
        index[(at * width + row.place() % length - from) * heads + head] = next++;
      }
    }
    return Tensors.cat(0, parts).indexSelect(0, index).reshape(value.shape());
  }

  private static Tensor flat(Tensor value) {
    return value.reshape(-1, value.size(value.dim() - 1));
  }
}
