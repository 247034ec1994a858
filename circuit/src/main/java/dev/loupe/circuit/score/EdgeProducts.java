package dev.loupe.circuit.score;

import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.run.SourceValues;
import dev.loupe.lens.gradient.GradientResult;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;

/**
 * Scores of edges: the change of the source times the gradient by what the target reads before its
 * norm, one matrix product for the heads of each block and one for all other targets.
 */
final class EdgeProducts implements Products {
  private final GraphShape shape;
  private final HookedTransformer model;
  private final HeadGradients heads;
  // The number of a source's edge is this plus its target's.
  private final int[] offsets;

  EdgeProducts(HookedTransformer model) {
    this.model = model;
    shape = GraphShape.of(model.config());
    heads = new HeadGradients(model);
    offsets = offsets(shape);
  }

  static int[] offsets(GraphShape shape) {
    var offsets = new int[shape.sources()];
    for (int source = 0; source < offsets.length; source++) {
      int first = shape.firstTarget(source);
      offsets[source] = shape.edge(source, first) - first;
    }
    return offsets;
  }

  @Override
  public int size() {
    return shape.edges();
  }

  private int headTarget(int layer) {
    return layer * (3 * shape.heads() + 1);
  }

  private int mlpTarget(int layer) {
    return headTarget(layer) + 3 * shape.heads();
  }

  @Override
  public List<HookPoint> points(Group group) {
    int first = shape.firstTarget(group.from());
    var points = new ArrayList<HookPoint>();
    for (int layer = 0; layer < shape.layers(); layer++) {
      if (headTarget(layer) >= first) {
        points.addAll(heads.points(layer));
      }
      if (mlpTarget(layer) >= first) {
        points.add(new HookPoint(Kind.MLP_IN, layer));
      }
    }
    points.add(HookPoint.residPost(shape.layers() - 1));
    return points;
  }

  @Override
  public Batch of(SourceValues change) {
    var written = change.written(shape, model.weights());
    return (found, group, weight, sums) -> {
      int first = shape.firstTarget(group.from());
      for (int layer = 0; layer < shape.layers(); layer++) {
        if (headTarget(layer) >= first) {
          try (var _ = TensorScope.open()) {
            var gradients = heads.of(layer, found);
            var targets = new int[3 * shape.heads()];
            for (int i = 0; i < targets.length; i++) {
              targets[i] = headTarget(layer) + i;
            }
            // [prompt, pos * d_model, target], without a copy.
            var columns = gradients.reshape(targets.length, sums.length, -1).permute(1, 2, 0);
            put(written, columns, targets, group, weight, sums);
          }
        }
      }
      try (var _ = TensorScope.open()) {
        putOthers(written, found, group, first, weight, sums);
      }
    };
  }

  /** Adds the products with what MLPs and logits read. */
  private void putOthers(
      Tensor written,
      GradientResult found,
      Group group,
      int first,
      double weight,
      double[][] sums) {
    var targets = new ArrayList<Integer>();
    var gradients = new ArrayList<Tensor>();
    for (int layer = 0; layer <= shape.layers(); layer++) {
      boolean isLogits = layer == shape.layers();
      int target = isLogits ? shape.targets() - 1 : mlpTarget(layer);
      if (target >= first) {
        var point = isLogits ? HookPoint.residPost(layer - 1) : new HookPoint(Kind.MLP_IN, layer);
        targets.add(target);
        gradients.add(found.ofEach(point).widened().reshape(sums.length, -1));
      }
    }
    int[] numbers = targets.stream().mapToInt(Integer::intValue).toArray();
    put(written, Tensors.stack(1, gradients).transpose(1, 2), numbers, group, weight, sums);
  }

  /** Adds the products of what sources write with columns of gradients. */
  private void put(
      Tensor written, Tensor columns, int[] targets, Group group, double weight, double[][] sums) {
    int reads = shape.reads(targets[targets.length - 1]);
    int rows = Math.min(group.to(), reads) - group.from();
    double[] products = written.narrow(1, group.from(), rows).matmul(columns).toDoubles();
    for (int prompt = 0, at = 0; prompt < sums.length; prompt++) {
      for (int row = 0; row < rows; row++) {
        int source = group.from() + row;
        for (int target : targets) {
          if (source < shape.reads(target)) {
            sums[prompt][offsets[source] + target] += weight * products[at];
          }
          at++;
        }
      }
    }
  }
}
