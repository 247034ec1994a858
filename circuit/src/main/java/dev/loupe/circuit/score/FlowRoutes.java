package dev.loupe.circuit.score;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.graph.EdgeTarget;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.run.SourceValues;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Run;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Routes of information (Ferrando and Voita 2024) through prompts of one length. */
final class FlowRoutes {
  private final HookedTransformer model;
  private final GraphShape shape;
  private final boolean lastOnly;

  /**
   * Creates them.
   *
   * @param lastOnly whether of the logits only those of the last token matter
   */
  FlowRoutes(HookedTransformer model, boolean lastOnly) {
    this.model = model;
    this.lastOnly = lastOnly;
    shape = GraphShape.of(model.config());
  }

  /** Returns the scores of edges, [prompt][edge]. */
  double[][] edges(Tokens tokens) {
    return Arrays.stream(shares(tokens)).map(this::routes).toArray(double[][]::new);
  }

  /** Returns the scores of nodes, the greatest of the edges that leave them: [prompt][source]. */
  double[][] nodes(Tokens tokens) {
    return Arrays.stream(edges(tokens)).map(this::best).toArray(double[][]::new);
  }

  /**
   * Returns how near what each source writes is to what each target reads, as a share of all its
   * sources in the mean over positions, [prompt][edge].
   */
  private double[][] shares(Tokens tokens) {
    var shares = new double[tokens.batch()][shape.edges()];
    int[] offsets = EdgeProducts.offsets(shape);
    try (var _ = TensorScope.open()) {
      var points = new ArrayList<>(SourceValues.points(model.config()));
      for (int layer = 0; layer < shape.layers(); layer++) {
        points.add(HookPoint.residPre(layer));
        points.add(new HookPoint(Kind.MLP_IN, layer));
      }
      var last = HookPoint.residPost(shape.layers() - 1);
      points.add(last);
      var ran =
          SourceValues.of(
              model,
              tokens,
              Run.Returns.NOTHING,
              points.stream().distinct().toArray(HookPoint[]::new));
      var written =
          ran.values()
              .map(Tensor::widened)
              .written(shape, model.weights())
              .reshape(tokens.batch(), shape.sources(), tokens.length(), shape.dModel());
      int perLayer = 3 * shape.heads() + 1;
      for (int target = 0; target < shape.targets(); target++) {
        int layer = target / perLayer;
        int within = target % perLayer;
        boolean isLogits = layer == shape.layers();
        if (!isLogits && within != 0 && within != perLayer - 1) {
          // All inputs of all heads of a block read the same.
          continue;
        }
        var point =
            isLogits
                ? last
                : within == 0 ? HookPoint.residPre(layer) : new HookPoint(Kind.MLP_IN, layer);
        int reads = shape.reads(target);
        int to = within == 0 && !isLogits ? target + perLayer - 1 : target + 1;
        try (var _ = TensorScope.open()) {
          var own = written.narrow(1, 0, reads);
          var read = ran.result().cache().get(point).widened();
          double[] found = isLogits && lastOnly ? atLast(own, read) : share(own, read).toDoubles();
          for (int i = 0; i < found.length; i++) {
            for (int each = target; each < to; each++) {
              shares[i / reads][offsets[i % reads] + each] = found[i];
            }
          }
        }
      }
    }
    return shares;
  }

  private static double[] atLast(Tensor written, Tensor read) {
    long last = read.size(1) - 1;
    return share(written.narrow(2, last, 1), read.narrow(1, last, 1)).toDoubles();
  }

  /** Returns the shares of [prompt, source, pos, d_model] in [prompt, pos, d_model]. */
  private static Tensor share(Tensor written, Tensor read) {
    var whole = read.abs().sum(-1).unsqueeze(1);
    // Prompt by prompt: what lies between is as large as all that sources write.
    var apart =
        Tensors.cat(
            0,
            IntStream.range(0, Math.toIntExact(read.size(0)))
                .mapToObj(prompt ->
                    apart(written.narrow(0, prompt, 1), read.narrow(0, prompt, 1).unsqueeze(1)))
                .toList());
    var near = whole.sub(apart).relu();
    // Where no source is nearer than nothing is, none has a share.
    var sum = near.sum(1).unsqueeze(1);
    var none = sum.eq(Tensors.zeros(sum.dtype(), 1).to(sum.device()));
    return near.div(sum.maskedFill(none, 1)).mean(2);
  }

  private static Tensor apart(Tensor written, Tensor read) {
    return TensorScope.tidy(() -> written.sub(read).abs().sum(-1));
  }

  /** Returns for each edge the greatest threshold at which a way from it to the logits is left. */
  private double[] routes(double[] shares) {
    var edges = new double[shares.length];
    var nodes = new double[shape.sources()];
    int[] offsets = EdgeProducts.offsets(shape);
    // What reads a source comes after it.
    for (int source = shape.sources() - 1; source >= 0; source--) {
      for (int target = shape.firstTarget(source); target < shape.targets(); target++) {
        int edge = offsets[source] + target;
        edges[edge] = Math.min(shares[edge], onward(target, nodes));
        nodes[source] = Math.max(nodes[source], edges[edge]);
      }
    }
    return edges;
  }

  private double[] best(double[] edges) {
    var nodes = new double[shape.sources()];
    for (int edge = 0; edge < edges.length; edge++) {
      int source = shape.sourceOf(edge);
      nodes[source] = Math.max(nodes[source], edges[edge]);
    }
    return nodes;
  }

  private double onward(int target, double[] nodes) {
    return switch (shape.target(target)) {
      case EdgeTarget.OfHead(var head, _) -> nodes[shape.number(CircuitNode.of(head))];
      case EdgeTarget.OfMlp(var layer) -> nodes[shape.number(CircuitNode.mlp(layer))];
      case EdgeTarget.Logits _ -> Double.POSITIVE_INFINITY;
    };
  }
}
