package dev.loupe.lens.sweep;

import dev.loupe.lens.sweep.PathLayout.Row;
import dev.loupe.lens.sweep.PathPatching.Recompute;
import dev.loupe.model.BlockMath;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookedTransformer;
import dev.loupe.tensor.DType;
import dev.loupe.tensor.Device;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The first run of path patching. All other attention being frozen, a sender changes only the rows
 * at its own positions, so only those are computed: the cells of all layers are one batch that
 * grows as senders come in and shrinks as rows are read for the last time.
 */
final class PathSenderPass {
  private final BlockMath math;
  private final PathPatching patching;
  private final PathLayout layout;
  private final PathRuns runs;
  private final int dModel;
  private final DType dtype;
  private final Device device;

  /**
   * What a receiver computes of what it reads.
   *
   * @param receiver the receiver
   * @param rows where it differs from the base run
   * @param values of each row: a head's query, key or value before rotation, [row, d_head]; what
   *     the MLP adds; or what the unembedding reads, [row, d_model]
   */
  record Recorded(Receiver receiver, List<Row> rows, Tensor values) {}

  /** Rows, and by how much the residual stream differs there from the base run. */
  private record State(List<Row> rows, Tensor change) {}

  PathSenderPass(HookedTransformer model, PathPatching patching, PathLayout layout, PathRuns runs) {
    math = model.math();
    this.patching = patching;
    this.layout = layout;
    this.runs = runs;
    dModel = model.config().dModel();
    dtype = runs.baseFinal().dtype();
    device = runs.baseFinal().device();
  }

  /** Returns what receivers record of cells of the grid, in the scope that is open. */
  List<Recorded> run(List<Integer> cells, Cancellation cancellation) {
    var recorded = new ArrayList<Recorded>();
    var rows = layout.rows(cells);
    try (var outer = TensorScope.open()) {
      var state = new State(List.of(), zeros(0));
      int next = 0;
      for (int stage = 0; stage <= layout.lastStage(); stage++) {
        cancellation.check();
        int from = next;
        while (next < rows.size() && rows.get(next).start() == stage) {
          next++;
        }
        if (state.rows().isEmpty() && from == next) {
          continue;
        }
        try (var scope = TensorScope.open()) {
          for (var record : record(stage, state)) {
            var kept = scope.keep(record.values());
            recorded.add(new Recorded(record.receiver(), record.rows(), kept));
          }
          var written = written(stage, cells, unread(stage, state), rows.subList(from, next));
          state = new State(written.rows(), scope.keep(written.change()));
        }
      }
      return recorded.stream()
          .map(r -> new Recorded(r.receiver(), r.rows(), outer.keep(r.values())))
          .toList();
    }
  }

  private Tensor zeros(int rows) {
    return Tensors.zeros(dtype, rows, dModel).to(device);
  }

  // ---- What is read

  private List<Recorded> record(int stage, State state) {
    var found = new LinkedHashMap<Receiver, int[]>();
    for (var receiver : layout.receivers()) {
      if (layout.stages().of(receiver) == stage) {
        var places = layout.received(receiver);
        int[] at =
            IntStream.range(0, state.rows().size())
                .filter(i -> places.get(state.rows().get(i).place()))
                .toArray();
        if (at.length > 0) {
          found.put(receiver, at);
        }
      }
    }
    var recorded = new ArrayList<Recorded>();
    found.forEach((receiver, at) -> {
      var rows = IntStream.of(at).mapToObj(state.rows()::get).toList();
      var change = state.change().indexSelect(0, longs(at));
      recorded.add(new Recorded(receiver, rows, computed(receiver, rows, change)));
    });
    return recorded;
  }

  private Tensor computed(Receiver receiver, List<Row> rows, Tensor change) {
    return switch (receiver) {
      case Receiver.HeadInput input -> {
        int layer = input.head().layer();
        var normalized = normalized(atRows(runs.base(HookPoint.residPre(layer)), rows), change);
        var x = math.attentionInput(layer, normalized);
        var heads =
            switch (input.role()) {
              case QUERY -> math.queries(layer, x);
              case KEY -> math.keys(layer, x);
              case VALUE -> math.values(layer, x);
            };
        yield heads.select(1, input.head().index());
      }
      case Receiver.Mlp mlp -> mlpOutput(mlp.layer(), rows, change);
      case Receiver.FinalResidual _ ->
          math.unembeddingInput(normalized(atRows(runs.baseFinalHeld(), rows), change));
    };
  }

  private Tensor mlpOutput(int layer, List<Row> rows, Tensor change) {
    var normalized = normalized(atRows(runs.base(runs.mlpInput(layer)), rows), change);
    return math.mlpOutput(layer, math.neurons(layer, math.mlpInput(layer, normalized)));
  }

  private Tensor normalized(Tensor base, Tensor change) {
    var residual = base.add(change);
    return patching.recomputes(Recompute.NORMS)
        ? math.normalized(residual)
        : math.normalized(residual, math.scale(base));
  }

  private Tensor atRows(Tensor held, List<Row> rows) {
    return held.indexSelect(0, layout.heldAt(rows));
  }

  private State unread(int stage, State state) {
    int[] left =
        IntStream.range(0, state.rows().size())
            .filter(i -> layout.isRead(state.rows().get(i).place(), stage + 1))
            .toArray();
    return left.length == state.rows().size()
        ? state
        : new State(
            IntStream.of(left).mapToObj(state.rows()::get).toList(),
            state.change().indexSelect(0, longs(left)));
  }

  // ---- What is written

  private State written(int stage, List<Integer> cells, State state, List<Row> starting) {
    var rows = new ArrayList<>(state.rows());
    rows.addAll(starting);
    var parts = new ArrayList<Tensor>();
    if (!state.rows().isEmpty()) {
      parts.add(state.change().add(changes(stage, cells, state)));
    }
    if (!starting.isEmpty()) {
      parts.add(sent(stage, starting, slots(stage, cells, starting)));
    }
    return new State(rows, parts.isEmpty() ? state.change() : Tensors.cat(0, parts));
  }

  private Tensor changes(int stage, List<Integer> cells, State state) {
    // A cell of one sender has no row that is sent a second time.
    boolean again = cells.stream().anyMatch(cell -> layout.sendings(cell).size() > 1);
    var slots = again ? slots(stage, cells, state.rows()) : List.<List<Integer>>of();
    boolean sends = slots.stream().anyMatch(list -> !list.isEmpty());
    boolean computes = layout.stages().isMlp(stage) && patching.recomputes(Recompute.MLPS);
    if (!computes) {
      return sends ? sent(stage, state.rows(), slots) : zeros(1);
    }
    int layer = PathStages.layer(stage);
    var base = atRows(runs.base(HookPoint.mlpOut(layer)), state.rows());
    var computed = mlpOutput(layer, state.rows(), state.change()).sub(base);
    if (!sends) {
      return computed;
    }
    var isSent = new boolean[slots.size()];
    IntStream.range(0, isSent.length).forEach(i -> isSent[i] = !slots.get(i).isEmpty());
    var mask = Tensors.of(isSent, isSent.length, 1).to(device);
    return Tensors.where(mask, sent(stage, state.rows(), slots), computed);
  }

  // For every row the heads of this layer that are sent there, or the MLP.
  private List<List<Integer>> slots(int stage, List<Integer> cells, List<Row> rows) {
    return rows.stream()
        .map(row ->
            layout.sendings(cells.get(row.cell())).stream()
                .filter(s -> s.stage() == stage && s.places().get(row.place()))
                .map(PathLayout.Sending::slot)
                .toList())
        .toList();
  }

  /** Returns the sum of what is sent to every row, [row, d_model]; 0 where nothing is. */
  private Tensor sent(int stage, List<Row> rows, List<List<Integer>> slots) {
    var used = slots.stream().flatMap(List::stream).distinct().sorted().toList();
    int layer = PathStages.layer(stage);
    var tables = new ArrayList<Tensor>();
    for (int slot : used) {
      tables.add(
          slot == PathLayout.MLP
              ? runs.sent(HookPoint.mlpOut(layer))
              : math.headOutput(
                  layer, slot, runs.sent(HookPoint.z(layer)).select(1, slot).contiguous()));
    }
    tables.add(zeros(1));
    var table = Tensors.cat(0, tables);
    long nothing = table.size(0) - 1;
    long places = nothing / used.size();
    long[] at = layout.heldAt(rows);
    int most = slots.stream().mapToInt(List::size).max().orElse(0);
    var sum = zeros(1);
    for (int n = 0; n < most; n++) {
      var index = new long[at.length];
      for (int row = 0; row < index.length; row++) {
        var list = slots.get(row);
        index[row] = n < list.size() ? used.indexOf(list.get(n)) * places + at[row] : nothing;
      }
      sum = sum.add(table.indexSelect(0, index));
    }
    return sum;
  }

  private static long[] longs(int[] values) {
    return IntStream.of(values).asLongStream().toArray();
  }
}
