package dev.loupe.circuit.score;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.EdgeTarget;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.lens.Head;
import dev.loupe.lens.Metric;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Readout;
import dev.loupe.lens.SameLength;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Hooks;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The slow, obvious way: a run of the model for each circuit, in which hooks put together what
 * every target reads, source by source. Models whose heads share no keys; metrics of the last
 * token; outside the circuit edges carry what they carry in the corrupted run.
 */
record HookedEffects(HookedTransformer model, PromptPairs pairs, Metric metric) implements Effects {
  @Override
  public GraphShape shape() {
    return GraphShape.of(model.config());
  }

  @Override
  public double[][] of(List<EdgeSet> circuits) {
    var values = new double[circuits.size()][pairs.size()];
    for (int[] rows : SameLength.rows(pairs.clean())) {
      var block = SameLength.unpadded(pairs, rows);
      var corrupted = new HashMap<Integer, Tensor>();
      try (var _ = TensorScope.open()) {
        model.runWithHooks(block.corrupted(), keeping(Hooks.none(), corrupted));
        var base = model.run(block.clean());
        for (int circuit = 0; circuit < values.length; circuit++) {
          double[] found = of(circuits.get(circuit), block, base, corrupted);
          for (int i = 0; i < rows.length; i++) {
            values[circuit][rows[i]] = found[i];
          }
        }
      }
      corrupted.values().forEach(Tensor::free);
    }
    return values;
  }

  private double[] of(
      EdgeSet circuit, PromptPairs block, Tensor base, Map<Integer, Tensor> corrupted) {
    var run = new HashMap<Integer, Tensor>();
    try (var _ = TensorScope.open()) {
      var hooks = keeping(reading(circuit, run, corrupted), run);
      var logits = model.runWithHooks(block.clean(), hooks);
      return metric.of(readout(block, logits, base)).toDoubles();
    } finally {
      run.values().forEach(Tensor::free);
    }
  }

  private static Readout readout(PromptPairs block, Tensor logits, Tensor base) {
    int last = block.clean().length() - 1;
    return new Readout(
        logits.select(1, last).unsqueeze(0),
        List.of(),
        block.answers(),
        List.of(),
        0,
        Optional.of(new Readout.Base(base.select(1, last))));
  }

  /** Keeps what every source writes. */
  private Hooks keeping(Hooks before, Map<Integer, Tensor> kept) {
    var shape = shape();
    var hooks = before;
    var embedded = new ArrayList<Tensor>();
    for (var kind : List.of(Kind.EMBED, Kind.POS_EMBED)) {
      if (kind.existsIn(model.config())) {
        hooks =
            hooks.read(
                HookPoint.of(kind),
                (value, _) -> {
                  embedded.add(value);
                  keep(kept, 0, embedded.stream().reduce(Tensor::add).orElseThrow());
                });
      }
    }
    for (int layer = 0; layer < shape.layers(); layer++) {
      int at = layer;
      hooks =
          hooks
              .read(
                  new HookPoint(Kind.RESULT, layer),
                  (value, _) -> {
                    for (int head = 0; head < shape.heads(); head++) {
                      keep(
                          kept,
                          shape.number(CircuitNode.of(new Head(at, head))),
                          value.select(2, head));
                    }
                  })
              .read(
                  HookPoint.mlpOut(layer),
                  (value, _) -> keep(kept, shape.number(CircuitNode.mlp(at)), value));
    }
    return hooks;
  }

  private Hooks reading(EdgeSet circuit, Map<Integer, Tensor> run, Map<Integer, Tensor> corrupted) {
    var shape = shape();
    var hooks = Hooks.none();
    for (int layer = 0; layer < shape.layers(); layer++) {
      int at = layer;
      for (var input : EdgeTarget.Input.ALL) {
        var kind =
            switch (input) {
              case Q -> Kind.Q_INPUT;
              case K -> Kind.K_INPUT;
              case V -> Kind.V_INPUT;
            };
        hooks =
            hooks.replace(
                new HookPoint(kind, layer),
                (_, _) ->
                    Tensors.stack(
                        2,
                        IntStream.range(0, shape.heads())
                            .mapToObj(head ->
                                read(
                                    circuit,
                                    new EdgeTarget.OfHead(new Head(at, head), input),
                                    at,
                                    run,
                                    corrupted))
                            .toList()));
      }
      hooks =
          hooks.replace(
              new HookPoint(Kind.MLP_IN, layer),
              (_, _) ->
                  read(
                      circuit,
                      new EdgeTarget.OfMlp(at),
                      shape.parallel() ? at : at + 1,
                      run,
                      corrupted));
    }
    return hooks.replace(
        HookPoint.residPost(shape.layers() - 1),
        (_, _) -> read(circuit, new EdgeTarget.Logits(), shape.layers(), run, corrupted));
  }

  // A block of the forward pass frees what was made within it.
  private static void keep(Map<Integer, Tensor> kept, int source, Tensor value) {
    var old = kept.put(source, TensorScope.unscoped(value.copy()));
    if (old != null) {
      old.free();
    }
  }

  /** What a target reads, with the biases of the attention blocks before it. */
  private Tensor read(
      EdgeSet circuit,
      EdgeTarget target,
      int attentionBlocks,
      Map<Integer, Tensor> run,
      Map<Integer, Tensor> corrupted) {
    var shape = shape();
    int number = shape.number(target);
    var sum =
        IntStream.range(0, shape.reads(number))
            .mapToObj(source ->
                Objects.requireNonNull(
                    (circuit.has(shape.edge(source, number)) ? run : corrupted).get(source)))
            .reduce(Tensor::add)
            .orElseThrow();
    for (int layer = 0; layer < attentionBlocks; layer++) {
      sum = sum.add(model.weights().blocks().get(layer).bO());
    }
    return sum;
  }
}
