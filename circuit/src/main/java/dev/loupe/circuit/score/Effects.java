package dev.loupe.circuit.score;

import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.run.EdgeRun;
import dev.loupe.lens.Progress;
import java.util.List;

/** A metric of the model as circuits compute it: what edges outside carry is ablated. */
interface Effects {
  /** Returns the graph that circuits are of. */
  GraphShape shape();

  /** Returns the metric of each circuit on each prompt, by the numbers of both. */
  double[][] of(List<EdgeSet> circuits);

  /** Returns those that a run gives. */
  static Effects of(EdgeRun run) {
    return new Effects() {
      @Override
      public GraphShape shape() {
        return run.shape();
      }

      @Override
      public double[][] of(List<EdgeSet> circuits) {
        return run.of(circuits, Progress.none());
      }
    };
  }
}
