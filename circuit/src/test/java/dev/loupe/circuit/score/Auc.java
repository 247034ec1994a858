package dev.loupe.circuit.score;

import dev.loupe.circuit.graph.EdgeSet;
import java.util.function.IntToDoubleFunction;

/** The area under the ROC curve, counted pair by pair. */
final class Auc {
  private Auc() {}

  /** Returns the share of pairs of an edge inside and one outside that scores put in order. */
  static double of(EdgeSet inside, IntToDoubleFunction score) {
    double won = 0;
    int pairs = 0;
    for (int edge = 0; edge < inside.shape().edges(); edge++) {
      for (int other = 0; other < inside.shape().edges(); other++) {
        if (inside.has(edge) && !inside.has(other)) {
          double ahead = Math.signum(score.applyAsDouble(edge) - score.applyAsDouble(other));
          won += (ahead + 1) / 2;
          pairs++;
        }
      }
    }
    return won / pairs;
  }
}
