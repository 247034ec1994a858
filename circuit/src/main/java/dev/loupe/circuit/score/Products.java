package dev.loupe.circuit.score;

import dev.loupe.circuit.run.SourceValues;
import dev.loupe.lens.gradient.GradientResult;
import dev.loupe.model.HookPoint;
import java.util.List;

/** Multiplies changes of sources by gradients, for prompts of one length. */
interface Products {
  /** Returns how many scores there are a prompt. */
  int size();

  /** Returns where gradients must be taken to score what some sources do. */
  List<HookPoint> points(Group group);

  /** Makes ready for prompts, of which the change of all sources is given. */
  Batch of(SourceValues change);

  /** The products of some prompts. */
  interface Batch {
    /**
     * Adds the scores of what some sources do.
     *
     * @param found gradients at {@link Products#points} at least
     * @param weight how much they count
     * @param sums by prompt and number
     */
    void add(GradientResult found, Group group, double weight, double[][] sums);
  }
}
