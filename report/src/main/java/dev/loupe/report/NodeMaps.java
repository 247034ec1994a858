package dev.loupe.report;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.graph.NodeScores;
import dev.loupe.lens.Head;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Draws the scores of nodes: heads by layer and index, and MLPs in a column beside them. */
final class NodeMaps {
  private NodeMaps() {}

  /** Return a map of all heads and MLPs; the input stands at no layer. */
  static Heatmap of(String title, NodeScores scores, String unit) {
    var shape = scores.shape();
    var values = new double[shape.layers()][shape.heads() + 1];
    for (int layer = 0; layer < shape.layers(); layer++) {
      for (int head = 0; head < shape.heads(); head++) {
        values[layer][head] = scores.score(CircuitNode.of(new Head(layer, head)));
      }
      values[layer][shape.heads()] = scores.score(CircuitNode.mlp(layer));
    }
    return Heatmap.of(
        title,
        Axis.numbered("layer", "L", shape.layers()),
        new Axis("head or MLP", columns(shape)),
        values,
        unit,
        Arrays.stream(scores.values()).anyMatch(score -> score < 0)
            ? Scale.DIVERGING
            : Scale.SEQUENTIAL);
  }

  private static List<String> columns(GraphShape shape) {
    var labels = new ArrayList<>(Axis.numbered("head", "H", shape.heads()).labels());
    labels.add("MLP");
    return labels;
  }
}
