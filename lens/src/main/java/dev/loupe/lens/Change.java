package dev.loupe.lens;

import dev.loupe.tensor.Tensor;
import java.util.function.UnaryOperator;

/**
 * What an intervention puts in the place of an activation. In a sweep the <em>base</em> run is the
 * one that is intervened in and the <em>source</em> run the one that values are taken from; which
 * is clean and which corrupted is the sweep's {@link PatchDirection}.
 *
 * <p>Of attention scores and patterns only what a destination may see is changed: no change lets it
 * attend to a later token, one outside its window, or a pad.
 */
public sealed interface Change {
  /** The value that the source run has there: activation patching. */
  record Patch() implements Change {}

  /** Zero. */
  record Zero() implements Change {}

  /**
   * The mean over the prompts of the source run, or over those that the sweep is given for it. Of
   * attention scores and patterns there is only that by template and position, over the prompts of
   * the same template and length.
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
   * The value that another prompt of the source run has at the same token, drawn among those of the
   * same length; never the prompt itself where there is another.
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
  record Add(ActivationDirection direction, double scale) implements Change {
    /** Refuses a scale that is not finite. */
    public Add {
      finite("scale", scale);
    }
  }

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
  record Scale(double factor) implements Change {
    /** Refuses a factor that is not finite. */
    public Scale {
      finite("factor", factor);
    }
  }

  /** The value of the base run, whatever other interventions did before it. */
  record Freeze() implements Change {}

  /**
   * A function of the value; it cannot be written as JSON.
   *
   * @param name what it is called in results
   * @param function takes the site's part at all positions, pads included: [prompt, pos, head, d]
   *     or [prompt, pos, d] of a whole activation, [prompt, pos, d] of a head, [prompt, pos, 1] of
   *     a neuron, [prompt, head, dest, src] or [prompt, dest, src] of attention; returns as many
   *     numbers, of which those at the chosen positions are used. It may be called for any part of
   *     the prompts at a time, so a prompt's numbers must not depend on the others; must not change
   *     its argument in place
   */
  record Custom(String name, UnaryOperator<Tensor> function) implements Change {
    /** Refuses a blank name. */
    public Custom {
      if (name.isBlank()) {
        throw new IllegalArgumentException("a change without a name: results need one");
      }
    }
  }

  private static void finite(String what, double value) {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException(what + " " + value + ": expected a finite number");
    }
  }
}
