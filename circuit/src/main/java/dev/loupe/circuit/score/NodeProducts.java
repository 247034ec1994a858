package dev.loupe.circuit.score;

import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.run.SourceValues;
import dev.loupe.lens.gradient.GradientResult;
import dev.loupe.model.HookPoint;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;

/** Scores of sources: their change times the gradient by what they hold. */
record NodeProducts(GraphShape shape) implements Products {
  @Override
  public int size() {
    return shape.sources();
  }

  @Override
  public List<HookPoint> points(Group group) {
    var points = new ArrayList<HookPoint>();
    if (group.has(0)) {
      points.add(HookPoint.residPre(0));
    }
    for (int layer = 0; layer < shape.layers(); layer++) {
      int first = Group.firstHead(shape, layer);
      if (group.has(first)) {
        points.add(HookPoint.z(layer));
      }
      if (group.has(first + shape.heads())) {
        points.add(HookPoint.mlpOut(layer));
      }
    }
    return points;
  }

  @Override
  public Batch of(SourceValues change) {
    return (found, group, weight, sums) -> {
      for (var point : points(group)) {
        switch (point.kind()) {
          case Z -> {
            int first = Group.firstHead(shape, point.layer());
            put(found, point, change.z().get(point.layer()), first, weight, sums);
          }
          case MLP_OUT -> {
            int source = Group.firstHead(shape, point.layer()) + shape.heads();
            put(found, point, change.mlps().get(point.layer()).unsqueeze(2), source, weight, sums);
          }
          default -> put(found, point, change.input().unsqueeze(2), 0, weight, sums);
        }
      }
    };
  }

  /** Adds the products of [prompt, pos, source, ...]. */
  private static void put(
      GradientResult found,
      HookPoint point,
      Tensor change,
      int first,
      double weight,
      double[][] sums) {
    try (var _ = TensorScope.open()) {
      var gradient = found.ofEach(point).reshape(change.shape()).to(change.dtype());
      double[] products = change.mul(gradient).sum(1, 3).toDoubles();
      int sources = products.length / sums.length;
      for (int i = 0; i < products.length; i++) {
        sums[i / sources][first + i % sources] += weight * products[i];
      }
    }
  }
}
