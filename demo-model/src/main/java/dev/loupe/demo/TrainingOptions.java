package dev.loupe.demo;

import dev.loupe.model.Activation;
import dev.loupe.model.ModelConfig;
import dev.loupe.model.Norm;
import dev.loupe.model.Positions;
import java.util.List;
import java.util.OptionalLong;

/**
 * How a demo model is trained.
 *
 * @param shape of the model
 * @param mixture of the texts
 * @param steps of the optimiser
 * @param batch texts a step
 * @param parts into how many pieces a batch is cut, by length, so that little is spent on padding
 * @param learningRate the highest, reached after {@code warmUp} steps
 * @param warmUp steps
 * @param weightDecay of matrices, a step and unit of learning rate
 * @param answerWeight how much more a token of the answer counts in the loss
 * @param deviation of the first weights
 * @param seed of the first weights and the texts
 * @param reportEvery steps between lines of progress
 * @param saveEvery steps between checkpoints
 */
public record TrainingOptions(
    Shape shape,
    Mixture mixture,
    int steps,
    int batch,
    int parts,
    double learningRate,
    int warmUp,
    double weightDecay,
    double answerWeight,
    double deviation,
    long seed,
    int reportEvery,
    int saveEvery) {

  // Of the highest learning rate, at the end.
  private static final double FLOOR = .05;

  /**
   * The shape of a GPT-2.
   *
   * @param layers blocks
   * @param heads a block
   * @param width of the residual stream; a multiple of {@code heads}
   * @param context longest text, in tokens
   */
  public record Shape(int layers, int heads, int width, int context) {
    /** Refuses a width that the heads do not divide. */
    public Shape {
      if (heads < 1 || width % heads != 0) {
        throw new IllegalArgumentException(
            "width " + width + " of " + heads + " heads: expected a multiple");
      }
    }

    ModelConfig config(int vocabulary) {
      return new ModelConfig(
          "gpt2",
          layers,
          heads,
          heads,
          width,
          width / heads,
          4 * width,
          vocabulary,
          context,
          Norm.LAYER_NORM,
          1e-5,
          new Positions.Learned(),
          Activation.GELU_TANH,
          false,
          false,
          Math.sqrt((double) width / heads),
          false,
          ModelConfig.globalWindows(layers),
          true,
          OptionalLong.of(0),
          List.of(0L));
    }
  }

  /** Refuses numbers that no training can have. */
  public TrainingOptions {
    positive("steps", steps);
    positive("batch", batch);
    positive("parts", parts);
    positive("learning rate", learningRate);
    positive("warm-up steps", warmUp);
    positive("answer weight", answerWeight);
    positive("deviation", deviation);
    positive("steps between reports", reportEvery);
    positive("steps between checkpoints", saveEvery);
    if (parts > batch) {
      throw new IllegalArgumentException(
          parts + " parts of a batch of " + batch + ": expected at most one a text");
    }
    if (!(weightDecay >= 0)) {
      throw new IllegalArgumentException("weight decay " + weightDecay + ": expected 0 or more");
    }
  }

  /** Returns those of the shipped model. */
  public static TrainingOptions standard() {
    return new TrainingOptions(
        new Shape(4, 8, 128, 64),
        Mixture.standard(),
        2600,
        48,
        2,
        2e-3,
        200,
        .1,
        4,
        .05,
        1,
        100,
        200);
  }

  /** Returns these with another number of steps. */
  public TrainingOptions withSteps(int newSteps) {
    return new TrainingOptions(
        shape,
        mixture,
        newSteps,
        batch,
        parts,
        learningRate,
        warmUp,
        weightDecay,
        answerWeight,
        deviation,
        seed,
        reportEvery,
        saveEvery);
  }

  /** Returns these with another seed. */
  public TrainingOptions withSeed(long newSeed) {
    return new TrainingOptions(
        shape,
        mixture,
        steps,
        batch,
        parts,
        learningRate,
        warmUp,
        weightDecay,
        answerWeight,
        deviation,
        newSeed,
        reportEvery,
        saveEvery);
  }

  /** Returns the learning rate of a step, counted from 1: a straight rise, then a cosine's fall. */
  double learningRate(int step) {
    if (step <= warmUp) {
      return learningRate * step / warmUp;
    }
    double done = (double) (step - warmUp) / Math.max(1, steps - warmUp);
    return learningRate * (FLOOR + (1 - FLOOR) * .5 * (1 + Math.cos(Math.PI * done)));
  }

  private static void positive(String what, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(what + " " + value + ": expected a positive number");
    }
  }
}
