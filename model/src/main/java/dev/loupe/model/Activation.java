package dev.loupe.model;

import dev.loupe.tensor.Tensor;

/** The non-linearity of an MLP. */
public enum Activation {
  /** Exact Gaussian error linear unit. */
  GELU,
  /** Its tanh approximation, GPT-2's. */
  GELU_TANH,
  /** Its logistic approximation, x * sigmoid(1.702 x). */
  GELU_QUICK,
  /** x * sigmoid(x). */
  SILU,
  /** max(0, x). */
  RELU;

  /** Applies it to every element. */
  public Tensor apply(Tensor x) {
    return switch (this) {
      case GELU -> x.gelu();
      case GELU_TANH -> x.geluTanh();
      case GELU_QUICK -> x.mul(x.mul(1.702).sigmoid());
      case SILU -> x.silu();
      case RELU -> x.relu();
    };
  }
}
