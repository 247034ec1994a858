package dev.loupe.circuit.run;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.EdgeTarget;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.lens.Head;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.SameLength;
import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Hooks;
import dev.loupe.model.Run;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/** A circuit run the obvious way: hooks that add up what each target reads. */
record HookedCircuit(HookedTransformer model, PromptPairs pairs, Corruption corruption) {

  /** Returns the logits of rows of one length, [row, pos, d_vocab]. */
  Tensor logits(EdgeSet circuit, int... rows) {
    var shape = circuit.shape();
    var reached = reached(circuit);
    var ablated = ablated(rows);
    var own = new HashMap<Integer, Tensor>();
    var hooks = reading(shape, own);
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
                (x, _) ->
                    Tensors.stack(
                        2,
                        IntStream.range(0, shape.heads())
                            .mapToObj(head -> new EdgeTarget.OfHead(new Head(at, head), input))
                            .map(target -> read(circuit, target, reached, own, ablated, at))
                            .toList()));
      }
      int biases = model.config().parallelBlocks() ? layer : layer + 1;
      hooks =
          hooks.replace(
              new HookPoint(Kind.MLP_IN, layer),
              (x, _) -> read(circuit, new EdgeTarget.OfMlp(at), reached, own, ablated, biases));
    }
    hooks =
        hooks.replace(
            HookPoint.residPost(shape.layers() - 1),
            (x, _) ->
                read(circuit, new EdgeTarget.Logits(), reached, own, ablated, shape.layers()));
    return model.run(Run.of(tokens(pairs.clean(), rows)).withHooks(hooks)).output();
  }

  private static Tokens tokens(Tokens of, int... rows) {
    return SameLength.unpadded(of, rows);
  }

  private Tensor read(
      EdgeSet circuit,
      EdgeTarget target,
      BitSet reached,
      Map<Integer, Tensor> own,
      List<Tensor> ablated,
      int biases) {
    var shape = circuit.shape();
    int number = shape.number(target);
    var sum = Objects.requireNonNull(own.get(0)).mul(0);
    for (int layer = 0; layer < biases; layer++) {
      sum = sum.add(model.weights().blocks().get(layer).bO());
    }
    for (int source = 0; source < shape.reads(number); source++) {
      boolean inside = circuit.has(shape.edge(source, number)) && reached.get(source);
      sum = sum.add(inside ? Objects.requireNonNull(own.get(source)) : ablated.get(source));
    }
    return sum;
  }

  private Hooks reading(GraphShape shape, Map<Integer, Tensor> into) {
    var hooks =
        Hooks.none().read(HookPoint.of(Kind.EMBED), (x, _) -> into.put(0, TensorScope.unscoped(x)));
    if (!model.config().isRotary()) {
      hooks =
          hooks.read(
              HookPoint.of(Kind.POS_EMBED),
              (x, _) ->
                  into.put(0, TensorScope.unscoped(Objects.requireNonNull(into.get(0)).add(x))));
    }
    for (int layer = 0; layer < shape.layers(); layer++) {
      int at = layer;
      hooks =
          hooks
              .read(
                  new HookPoint(Kind.RESULT, layer),
                  (x, _) -> {
                    for (int head = 0; head < shape.heads(); head++) {
                      into.put(
                          shape.number(CircuitNode.of(new Head(at, head))),
                          TensorScope.unscoped(x.select(2, head)));
                    }
                  })
              .read(
                  HookPoint.mlpOut(layer),
                  (x, _) -> into.put(shape.number(CircuitNode.mlp(at)), TensorScope.unscoped(x)));
    }
    return hooks;
  }

  // Sources that a path of edges leads to from the input. Of corrupted prompts all may count: what
  // is not reached computes what it did there.
  private BitSet reached(EdgeSet circuit) {
    var shape = circuit.shape();
    var reached = new BitSet();
    if (corruption == Corruption.COUNTERFACTUAL) {
      reached.set(0, shape.sources());
      return reached;
    }
    reached.set(0);
    circuit
        .numbers()
        .boxed()
        .sorted((a, b) -> Integer.compare(shape.targetOf(a), shape.targetOf(b)))
        .forEach(edge -> {
          if (reached.get(shape.sourceOf(edge))) {
            switch (shape.target(shape.targetOf(edge))) {
              case EdgeTarget.OfHead(var head, _) ->
                  reached.set(shape.number(CircuitNode.of(head)));
              case EdgeTarget.OfMlp(var layer) -> reached.set(shape.number(CircuitNode.mlp(layer)));
              case EdgeTarget.Logits() -> {}
            }
          }
        });
    return reached;
  }

  private List<Tensor> ablated(int... rows) {
    return switch (corruption) {
      case COUNTERFACTUAL -> outputs(pairs.corrupted(), rows);
      case ZERO -> outputs(pairs.corrupted(), rows).stream().map(x -> x.mul(0)).toList();
      case MEAN -> {
        int length = pairs.clean().row(rows[0]).length;
        var alike = new ArrayList<List<Tensor>>();
        for (int row : rows) {
          // One by one, and no more of each than this row has.
          var others =
              IntStream.range(0, pairs.size())
                  .filter(o -> pairs.templates().get(o).equals(pairs.templates().get(row)))
                  .mapToObj(o -> outputs(pairs.corrupted(), o))
                  .toList();
          alike.add(
              IntStream.range(0, others.getFirst().size())
                  .mapToObj(source ->
                      Tensors.cat(
                          1,
                          IntStream.range(0, length)
                              .mapToObj(at -> meanAt(others, source, at))
                              .toList()))
                  .toList());
        }
        yield IntStream.range(0, alike.getFirst().size())
            .mapToObj(
                source -> Tensors.cat(0, alike.stream().map(each -> each.get(source)).toList()))
            .toList();
      }
    };
  }

  private static Tensor meanAt(List<List<Tensor>> others, int source, int at) {
    return Tensors.stack(
            0,
            others.stream()
                .map(each -> each.get(source))
                .filter(x -> x.size(1) > at)
                .map(x -> x.narrow(1, at, 1))
                .toList())
        .mean(0);
  }

  private List<Tensor> outputs(Tokens tokens, int... rows) {
    var shape = GraphShape.of(model.config());
    var into = new HashMap<Integer, Tensor>();
    model.run(
        Run.of(tokens(tokens, rows)).withHooks(reading(shape, into)).caching(CacheFilter.none()));
    return IntStream.range(0, shape.sources())
        .mapToObj(source -> Objects.requireNonNull(into.get(source)))
        .toList();
  }
}
