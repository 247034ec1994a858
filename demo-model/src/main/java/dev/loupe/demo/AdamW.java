package dev.loupe.demo;

import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.List;

/**
 * AdamW (Loshchilov and Hutter, 2019): Adam with weight decay apart from the gradient, the gradient
 * first cut to length 1.
 *
 * @param parameters what is trained, changed in place
 * @param first running means of the gradients, in the order of the parameters
 * @param second running means of their squares
 */
record AdamW(Parameters parameters, List<Tensor> first, List<Tensor> second) {
  private static final double BETA_1 = .9;
  private static final double BETA_2 = .98;
  private static final double EPS = 1e-8;
  private static final double LONGEST = 1;

  AdamW {
    first = List.copyOf(first);
    second = List.copyOf(second);
  }

  /** Begins with running means of zero. */
  static AdamW of(Parameters parameters) {
    var tensors = parameters.byName().values();
    return new AdamW(
        parameters,
        tensors.stream().map(AdamW::zerosLike).toList(),
        tensors.stream().map(AdamW::zerosLike).toList());
  }

  /**
   * Takes a step.
   *
   * @param gradients in the order of the parameters; changed in place
   * @param number of the step, from 1
   */
  void step(List<Tensor> gradients, double learningRate, double weightDecay, int number) {
    try (var _ = TensorScope.open()) {
      double squares = gradients.stream().mapToDouble(g -> g.square().sum().item()).sum();
      double clip = Math.min(1, LONGEST / (Math.sqrt(squares) + 1e-6));
      double firstBias = 1 - Math.pow(BETA_1, number);
      double secondBias = 1 - Math.pow(BETA_2, number);
      int i = 0;
      for (var entry : parameters.byName().entrySet()) {
        var parameter = entry.getValue();
        var gradient = gradients.get(i).mulInPlace(clip);
        var mean = first.get(i).mulInPlace(BETA_1).addInPlace(gradient, 1 - BETA_1);
        var square =
            second.get(i).mulInPlace(BETA_2).addcmulInPlace(gradient, gradient, 1 - BETA_2);
        if (Parameters.isMatrix(entry.getKey())) {
          parameter.mulInPlace(1 - learningRate * weightDecay);
        }
        var root = square.div(secondBias).sqrt().add(EPS);
        parameter.addcdivInPlace(mean, root, -learningRate / firstBias);
        i++;
      }
    }
  }

  private static Tensor zerosLike(Tensor tensor) {
    return Tensors.zeros(tensor.dtype(), tensor.shape());
  }
}
