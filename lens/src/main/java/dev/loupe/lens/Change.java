package dev.loupe.lens;

import dev.loupe.tensor.Tensor;
import java.util.function.UnaryOperator;

/**
 * What an intervention puts in the place of an activation. In a sweep the <em>base</em> run is the
 * one that is intervened in and the <em>source</em> run the one that values are taken from; which
 * is clean and which corrupted is the sweep's {@link PatchDirection}.
 */
public sealed interface Change {
  /** The value that the source run has there: activation patching. */
  record Patch() implements Change {}

  /** Zero. */
  record Zero() implements Change {}

  /**
   * The mean over the prompts of the source run, or over those that the sweep is given for it.
   *
   * @param over what the mean is taken over
   */
  record Mean(Over over) implements Change {}

  /** What a mean is taken over. */
  enum Over {
    /** All prompts and all of their positions. */
    EVERYTHING,
    /** The prompts of the same template, position by position. */
    TEMPLATE_AND_POSITION
  }

  /**
   * The value that another prompt of the source run has there, drawn among those of the same
   * length; never the prompt itself where there is another.
   *
   * @param seed which other prompt each gets
   */
  record Resample(long seed) implements Change {}

  /**
   * The value plus a multiple of a direction: steering.
   *
   * @param direction of the activation's last dimension
   * @param scale how often it is added
   */
  record Add(ActivationDirection direction, double scale) implements Change {}

  /**
   * The value without its component along a direction: directional ablation.
   *
   * @param direction of the activation's last dimension, of any length but 0
   */
  record ProjectOut(ActivationDirection direction) implements Change {}

  /**
   * The value with its component along a direction taken from the source run.
   *
   * @param direction of the activation's last dimension, of any length but 0
   */
  record PatchAlong(ActivationDirection direction) implements Change {}

  /**
   * A multiple of the value.
   *
   * @param factor the factor
   */
  record Scale(double factor) implements Change {}

  /** The value of the base run, whatever other interventions did before it. */
  record Freeze() implements Change {}

  /**
   * A function of the value; it cannot be written as JSON.
   *
   * @param name what it is called in results
   * @param function takes and returns the values of the chosen part at the chosen positions,
   *     [prompt, pos, ...]; must not change its argument in place
   */
  record Custom(String name, UnaryOperator<Tensor> function) implements Change {}
}
