package dev.loupe.circuit.score;

import dev.loupe.circuit.graph.GraphShape;

/** How edges and nodes are scored all at once, without trying each. */
public sealed interface EdgeScoring {
  /** How many steps an integral has where nothing else is said. */
  int STEPS = 5;

  /**
   * Edge attribution patching (Syed et al. 2023): what an edge carries more in the clean run than
   * in the corrupted one, times the gradient of the clean run by what its target reads. One forward
   * pass of each run and one backward pass.
   */
  record Eap() implements EdgeScoring {
    @Override
    public String toString() {
      return "eap";
    }
  }

  /**
   * EAP with the gradient averaged over runs whose input lies between the corrupted and the clean
   * one (EAP-IG: Hanna et al. 2024). The corrupted input is what the corruption makes of it: that
   * of the corrupted prompt, a mean, or zero. One forward and backward pass a step.
   *
   * @param steps at least 1; 2 where both ends are among them
   * @param ends at which points of the way
   */
  record EapIgInputs(int steps, Ends ends) implements EdgeScoring {
    /** Refuses too few steps. */
    public EapIgInputs {
      ends.requireSteps(steps);
    }

    @Override
    public String toString() {
      return "eap-ig";
    }
  }

  /**
   * EAP with the gradient averaged over clean runs in which what the source writes lies between its
   * corrupted and its clean value, all heads of a block together (Hanna et al. 2024; Marks et al.
   * 2024). One forward and backward pass from the source on for each step and for the input, every
   * block's heads and every MLP.
   *
   * @param steps at least 1; 2 where both ends are among them
   * @param ends at which points of the way
   */
  record EapIgActivations(int steps, Ends ends) implements EdgeScoring {
    /** Refuses too few steps. */
    public EapIgActivations {
      ends.requireSteps(steps);
    }

    @Override
    public String toString() {
      return "eap-ig-activations";
    }
  }

  /**
   * EAP with the mean of the gradients of the clean run and of the run from the corrupted input on:
   * the integral over inputs by its two ends.
   */
  record CleanCorrupted() implements EdgeScoring {
    @Override
    public String toString() {
      return "clean-corrupted";
    }
  }

  /**
   * Information-flow routes (Ferrando and Voita 2024): how near what a source writes is to what the
   * target reads, as a share among its sources. An edge's score is the greatest threshold at which
   * a way of edges from it to the logits is left, so that those above a threshold are the routes of
   * that threshold. One forward pass of the clean prompts; no metric, and no sign.
   */
  record InformationFlow() implements EdgeScoring {
    @Override
    public String toString() {
      return "ifr";
    }
  }

  /**
   * Reads a name: {@code eap}, {@code eap-ig}, {@code eap-ig-activations}, {@code clean-corrupted}
   * or {@code ifr}, the reverse of {@code toString}.
   *
   * @param steps of those that integrate
   * @param ends of those that integrate
   * @throws IllegalArgumentException if there is none of that name, or too few steps
   */
  static EdgeScoring parse(String name, int steps, Ends ends) {
    return switch (name.strip()) {
      case "eap" -> new Eap();
      case "eap-ig" -> new EapIgInputs(steps, ends);
      case "eap-ig-activations" -> new EapIgActivations(steps, ends);
      case "clean-corrupted" -> new CleanCorrupted();
      case "ifr" -> new InformationFlow();
      default ->
          throw new IllegalArgumentException(
              "no method "
                  + name.strip()
                  + "; there are eap, eap-ig, eap-ig-activations, clean-corrupted and ifr");
    };
  }

  /** Tells whether its scores have a sign; without one they say how much an edge carries. */
  default boolean isSigned() {
    return !(this instanceof InformationFlow);
  }

  /** Returns how many backward passes it takes a batch of prompts, whole or in part. */
  default int backwardPasses(GraphShape shape) {
    return switch (this) {
      case Eap _ -> 1;
      case EapIgInputs ig -> ig.steps();
      case EapIgActivations ig -> Math.multiplyExact(ig.steps(), 1 + 2 * shape.layers());
      case CleanCorrupted _ -> 2;
      case InformationFlow _ -> 0;
    };
  }

  /** Says in a few words what it does. */
  default String describe() {
    return switch (this) {
      case Eap _ -> "change of the source times gradient of the clean run by what the target reads";
      case EapIgInputs(var steps, var ends) ->
          "EAP with the gradient averaged over %d inputs between corrupted and clean (%s)"
              .formatted(steps, ends);
      case EapIgActivations(var steps, var ends) ->
          "EAP with the gradient averaged over %d values of the source between corrupted and clean"
                  .formatted(steps)
              + " (%s)".formatted(ends);
      case CleanCorrupted _ ->
          "EAP with the mean of the gradients of the clean and corrupted input";
      case InformationFlow _ ->
          "routes of what the target reads, by nearness to what it adds up to";
    };
  }
}
