package dev.loupe.lens.sweep;

import dev.loupe.lens.sweep.PathSenderPass.Recorded;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Hooks;
import dev.loupe.model.Run;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.Tensors;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
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
   * @param residual the final residual stream of each, [pair, pos, d_model]
   */
  record Replayed(List<Pair> pairs, Tensor residual) {}

  PathReplay(HookedTransformer model, PathLayout layout, PathRuns runs) {
    this.model = model;
    this.layout = layout;
    this.runs = runs;
  }

  Replayed run(List<Recorded> recorded, Cancellation cancellation) {
    var pairs =
        List.copyOf(
            new LinkedHashSet<>(
                recorded.stream().flatMap(r -> r.rows().stream()).map(this::pair).toList()));
    Map<Pair, Integer> batch = new HashMap<>();
    pairs.forEach(pair -> batch.put(pair, batch.size()));
    int first = runs.replayFrom().orElseThrow();
    var start =
        runs.replayStart().indexSelect(0, pairs.stream().mapToLong(Pair::prompt).toArray());
    var hooks = Hooks.none();
    for (int layer = first; layer < model.config().nLayers(); layer++) {
      hooks = hooks.read(HookPoint.residPre(layer), (_, _) -> cancellation.check());
    }
    for (var one : recorded) {
      hooks = hooks.replace(point(one.receiver()), (value, _) -> replaced(value, one, batch));
    }
    var run = Run.startAtLayer(first, start).withHooks(hooks).stoppingAt(model.config().nLayers());
    return new Replayed(pairs, model.run(run).output());
  }

  private Pair pair(PathLayout.Row row) {
    return new Pair(row.cell(), row.place() / layout.length());
  }

  private static HookPoint point(Receiver receiver) {
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

  // [pair, pos, ...] with the rows that were recorded in their places.
  private Tensor replaced(Tensor value, Recorded recorded, Map<Pair, Integer> batch) {
    boolean isHead = recorded.receiver() instanceof Receiver.HeadInput;
    long heads = isHead ? value.size(2) : 1;
    long head =
        recorded.receiver() instanceof Receiver.HeadInput input ? input.head().index() : 0;
    var flat = value.reshape(-1, value.size(value.dim() - 1));
    long[] index = LongStream.range(0, flat.size(0)).toArray();
    long next = index.length;
    for (var row : recorded.rows()) {
      long at = batch.getOrDefault(pair(row), -1);
      long place = at * layout.length() + row.place() % layout.length();
      index[(int) (place * heads + head)] = next++;
    }
    return Tensors.cat(0, List.of(flat, recorded.values()))
        .indexSelect(0, index)
        .reshape(value.shape());
  }
}
