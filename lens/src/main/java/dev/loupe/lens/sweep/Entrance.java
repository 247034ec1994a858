package dev.loupe.lens.sweep;

import dev.loupe.lens.Site;
import dev.loupe.model.BlockMath;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.ModelConfig;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What one change adds to the residual stream within its block, where all that comes before it is
 * the base run's: a head's new z times its W_O, a neuron's new value times its row of W_out.
 */
final class Entrance {
  private final HookedTransformer model;
  private final ModelConfig config;
  private final BlockMath math;
  private final BaseState state;
  private final int layer;

  Entrance(HookedTransformer model, BaseState state, int layer) {
    this.model = model;
    this.state = state;
    this.layer = layer;
    config = model.config();
    math = model.math();
  }

  /**
   * A cell and the positions of its block that are computed for it.
   *
   * @param cell the cell, with one edit
   * @param rows the positions
   */
  record Arrival(PlannedCell cell, Rows rows) {
    Edit edit() {
      return cell.edits().getFirst();
    }
  }

  /** Returns what each arrival adds at its rows, [prompt, row, d_model]. */
  List<Tensor> added(List<Arrival> arrivals) {
    var byHead = new LinkedHashMap<Integer, List<HeadChange>>();
    var added = new ArrayList<Tensor>();
    for (int i = 0; i < arrivals.size(); i++) {
      var arrival = arrivals.get(i);
      var z = changeOfZ(arrival);
      for (var entry : z.entrySet()) {
        byHead
            .computeIfAbsent(entry.getKey(), h -> new ArrayList<>())
            .add(new HeadChange(i, entry.getValue()));
      }
      added.add(
          z.isEmpty() ? directly(arrival) : Tensors.zeros(like().dtype(), 1).to(like().device()));
    }
    byHead.forEach((head, changes) -> {
      var flat = changes.stream().map(c -> c.z().reshape(-1, config.dHead())).toList();
      var outputs = math.headOutput(layer, head, Tensors.cat(0, flat));
      long at = 0;
      for (int i = 0; i < changes.size(); i++) {
        long rows = flat.get(i).size(0);
        int arrival = changes.get(i).arrival();
        var output = outputs.narrow(0, at, rows).reshape(state.block().size(), -1, config.dModel());
        added.set(arrival, added.get(arrival).add(output));
        at += rows;
      }
    });
    return added;
  }

  private record HeadChange(int arrival, Tensor z) {}

  private Tensor like() {
    return model.weights().wE();
  }

  /** Returns the change of the z of every head that an arrival changes, [prompt, row, d_head]. */
  private Map<Integer, Tensor> changeOfZ(Arrival arrival) {
    var edit = arrival.edit();
    return switch (edit.point().kind()) {
      case Z -> {
        var before = arrival.rows().of(edit.part(state.base(edit.point())), state.start());
        yield perHead(edit, edit.applied(before, arrival.rows(), state).sub(before), 2);
      }
      case PATTERN, ATTN_SCORES, Q, ROT_Q, K, ROT_K, V -> {
        var suffix = new Rows.Suffix(arrival.cell().from(), state.block().length());
        var z = new LinkedHashMap<Integer, Tensor>();
        changeByAttention(edit, suffix)
            .forEach((head, change) -> z.put(head, arrival.rows().of(change, suffix.from())));
        yield z;
      }
      default -> Map.of();
    };
  }

  // The part of every head that an edit changes: one, or all where it changes the whole.
  private Map<Integer, Tensor> perHead(Edit edit, Tensor part, int dim) {
    if (edit.site().part() instanceof Site.Part.Head head) {
      return Map.of(head.index(), part);
    }
    var all = new LinkedHashMap<Integer, Tensor>();
    for (int i = 0; i < part.size(dim); i++) {
      all.put(i, part.select(dim, i));
    }
    return all;
  }

  private Map<Integer, Tensor> changeByAttention(Edit edit, Rows.Suffix rows) {
    var part = edit.part(state.base(edit.point()));
    var before = rows.of(part, state.start());
    var after = edit.applied(before, rows, state);
    var kind = edit.point().kind();
    var changes = new LinkedHashMap<Integer, Tensor>();
    perHead(edit, after, 2)
        .forEach((index, value) -> {
          for (int head : queryHeads(kind, index)) {
            changes.put(head, attentionChange(kind, head, index, value, before, edit, rows));
          }
        });
    return changes;
  }

  private int[] queryHeads(Kind kind, int index) {
    if (kind != Kind.K && kind != Kind.ROT_K && kind != Kind.V) {
      return new int[] {index};
    }
    int group = config.nHeads() / config.nKeyValueHeads();
    return IntStream.range(index * group, (index + 1) * group).toArray();
  }

  private Tensor attentionChange(
      Kind kind, int head, int index, Tensor value, Tensor before, Edit edit, Rows.Suffix rows) {
    var oldPattern = rows.of(state.base(HookPoint.pattern(layer)).select(1, head), state.start());
    int kvHead = head / (config.nHeads() / config.nKeyValueHeads());
    if (kind == Kind.V) {
      var old = edit.site().part() instanceof Site.Part.Head ? before : before.select(2, index);
      return oldPattern.narrow(2, rows.from(), rows.count()).matmul(value.sub(old));
    }
    var pattern =
        switch (kind) {
          case PATTERN -> value;
          case ATTN_SCORES -> BlockMath.pattern(value);
          case Q -> patternOfQueries(rotated(value, rows.from()), kvHead, rows);
          case ROT_Q -> patternOfQueries(value, kvHead, rows);
          case K -> patternOfKeys(rotated(value, rows.from()), head, kvHead, rows);
          case ROT_K -> patternOfKeys(value, head, kvHead, rows);
          default -> throw new IllegalStateException(kind + " is not a part of attention");
        };
    return pattern.sub(oldPattern).matmul(state.values(layer).select(1, kvHead));
  }

  // [prompt, pos, d_head]
  private Tensor rotated(Tensor x, int from) {
    return math.rotated(x.unsqueeze(2), from, state.block().length()).squeeze(2);
  }

  private Tensor patternOfQueries(Tensor q, int kvHead, Rows.Suffix rows) {
    return pattern(q.matmul(state.keys(layer).select(1, kvHead)), rows);
  }

  private Tensor patternOfKeys(Tensor k, int head, int kvHead, Rows.Suffix rows) {
    var point = new HookPoint(config.isRotary() ? Kind.ROT_Q : Kind.Q, layer);
    var q = rows.of(state.base(point).select(2, head), state.start());
    var own = q.matmul(k.transpose(1, 2));
    if (rows.from() == 0) {
      return pattern(own, rows);
    }
    var earlier = state.keys(layer).select(1, kvHead).narrow(2, 0, rows.from());
    return pattern(Tensors.cat(2, List.of(q.matmul(earlier), own)), rows);
  }

  private Tensor pattern(Tensor products, Rows.Suffix rows) {
    var mask =
        SuffixMask.of(rows.from(), rows.length(), config.windows().get(layer), products.device());
    return products
        .div(config.attentionScale(layer))
        .maskedFill(mask, Double.NEGATIVE_INFINITY)
        .softmax(-1);
  }

  /** Returns what an arrival adds whose change is of the residual stream or the MLP. */
  private Tensor directly(Arrival arrival) {
    var edit = arrival.edit();
    var rows = arrival.rows();
    var before = rows.of(edit.part(state.base(edit.point())), state.start());
    var after = edit.applied(before, rows, state);
    return switch (edit.point().kind()) {
      case MLP_POST -> ofNeurons(edit, after.sub(before));
      case MLP_PRE, MLP_PRE_LINEAR -> {
        var post = rows.of(edit.part(state.base(HookPoint.mlpPost(layer))), state.start());
        yield ofNeurons(edit, neurons(edit, after, rows).sub(post));
      }
      default -> after.sub(before);
    };
  }

  private Tensor neurons(Edit edit, Tensor changed, Rows rows) {
    boolean gate = edit.point().kind() == Kind.MLP_PRE;
    if (!config.gatedMlp()) {
      return config.activation().apply(changed);
    }
    var other = new HookPoint(gate ? Kind.MLP_PRE_LINEAR : Kind.MLP_PRE, layer);
    var beside = rows.of(edit.part(state.base(other)), state.start());
    return gate
        ? config.activation().apply(changed).mul(beside)
        : config.activation().apply(beside).mul(changed);
  }

  private Tensor ofNeurons(Edit edit, Tensor change) {
    var wOut = model.weights().blocks().get(layer).wOut();
    return edit.site().part() instanceof Site.Part.Neuron neuron
        ? change.mul(wOut.select(0, neuron.index()))
        : change.matmul(wOut);
  }
}
