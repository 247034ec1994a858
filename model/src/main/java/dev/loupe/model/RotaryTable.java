package dev.loupe.model;

import dev.loupe.tensor.DType;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.List;

/** Cosines and sines of every position, and the rotation of queries and keys by them. */
final class RotaryTable {
  private final int dims;
  private final Tensor cos;
  private final Tensor sin;

  private RotaryTable(int dims, Tensor cos, Tensor sin) {
    this.dims = dims;
    this.cos = cos;
    this.sin = sin;
  }

  /**
   * Returns the table for sequences of up to {@code length} tokens; what it holds is the caller's.
   */
  static RotaryTable of(Positions.Rotary rotary, int length, DType dtype) {
    double[] frequencies = frequencies(rotary, length);
    double attention = attentionFactor(rotary.scaling());
    int half = frequencies.length;
    var cos = new double[length * 2 * half];
    var sin = new double[length * 2 * half];
    for (int position = 0; position < length; position++) {
      for (int i = 0; i < 2 * half; i++) {
        double angle = position * frequencies[i % half];
        cos[position * 2 * half + i] = attention * Math.cos(angle);
        sin[position * 2 * half + i] = attention * Math.sin(angle);
      }
    }
    return new RotaryTable(
        rotary.dims(),
        Tensors.of(cos, length, 2L * half).to(dtype),
        Tensors.of(sin, length, 2L * half).to(dtype));
  }

  /** Returns the table in no scope, to be freed with the model. */
  RotaryTable unscoped() {
    return new RotaryTable(dims, TensorScope.unscoped(cos), TensorScope.unscoped(sin));
  }

  void free() {
    cos.free();
    sin.free();
  }

  /**
   * Turns queries or keys.
   *
   * @param x [batch, pos, head, d_head]
   * @param positions I64 [batch or 1, pos]
   */
  Tensor rotate(Tensor x, Tensor positions) {
    long batch = positions.size(0);
    long length = positions.size(1);
    var flat = positions.reshape(-1);
    var c = cos.to(x.device()).indexSelect(0, flat).reshape(batch, length, 1, dims);
    var s = sin.to(x.device()).indexSelect(0, flat).reshape(batch, length, 1, dims);
    var turned = dims == x.size(-1) ? x : x.narrow(3, 0, dims);
    int half = dims / 2;
    var swapped =
        Tensors.cat(3, List.of(turned.narrow(3, half, half).neg(), turned.narrow(3, 0, half)));
    var rotated = turned.mul(c).add(swapped.mul(s));
    return dims == x.size(-1)
        ? rotated
        : Tensors.cat(3, List.of(rotated, x.narrow(3, dims, x.size(-1) - dims)));
  }

  /** Returns radians a position of each pair of dimensions, for sequences of {@code length}. */
  static double[] frequencies(Positions.Rotary rotary, int length) {
    int dims = rotary.dims();
    return switch (rotary.scaling()) {
      case RotaryScaling.None none -> plain(rotary.base(), dims);
      case RotaryScaling.Linear linear -> {
        double[] f = plain(rotary.base(), dims);
        for (int i = 0; i < f.length; i++) {
          f[i] /= linear.factor();
        }
        yield f;
      }
      case RotaryScaling.Dynamic dynamic -> {
        double stretch =
            dynamic.factor() * Math.max(length, dynamic.trainedContext()) / dynamic.trainedContext()
                - (dynamic.factor() - 1);
        yield plain(rotary.base() * Math.pow(stretch, dims / (dims - 2.0)), dims);
      }
      case RotaryScaling.Llama3 llama -> llama3(plain(rotary.base(), dims), llama);
      case RotaryScaling.Yarn yarn -> yarn(rotary, yarn);
      case RotaryScaling.LongRope rope -> {
        double[] f = plain(rotary.base(), dims);
        var factors = length > rope.trainedContext() ? rope.longFactors() : rope.shortFactors();
        for (int i = 0; i < f.length; i++) {
          f[i] /= factors.get(i);
        }
        yield f;
      }
    };
  }

  private static double[] plain(double base, int dims) {
    var f = new double[dims / 2];
    for (int i = 0; i < f.length; i++) {
      f[i] = Math.pow(base, -2.0 * i / dims);
    }
    return f;
  }

  private static double[] llama3(double[] f, RotaryScaling.Llama3 llama) {
    for (int i = 0; i < f.length; i++) {
      double turns = llama.trainedContext() * f[i] / (2 * Math.PI);
      double keep = (turns - llama.lowFrequency()) / (llama.highFrequency() - llama.lowFrequency());
      keep = Math.clamp(keep, 0, 1);
      f[i] = (1 - keep) * f[i] / llama.factor() + keep * f[i];
    }
    return f;
  }

  private static double[] yarn(Positions.Rotary rotary, RotaryScaling.Yarn yarn) {
    double[] f = plain(rotary.base(), rotary.dims());
    double low = yarnDimension(yarn.betaFast(), rotary, yarn);
    double high = yarnDimension(yarn.betaSlow(), rotary, yarn);
    if (yarn.truncate()) {
      low = Math.floor(low);
      high = Math.ceil(high);
    }
    low = Math.max(low, 0);
    high = Math.min(high, rotary.dims() - 1);
    double width = high == low ? 0.001 : high - low;
    for (int i = 0; i < f.length; i++) {
      double ramp = Math.clamp((i - low) / width, 0, 1);
      f[i] = ramp * f[i] / yarn.factor() + (1 - ramp) * f[i];
    }
    return f;
  }

  // The (fractional) pair of dimensions that makes so many turns over the trained context.
  private static double yarnDimension(
      double turns, Positions.Rotary rotary, RotaryScaling.Yarn yarn) {
    return rotary.dims()
        * Math.log(yarn.trainedContext() / (turns * 2 * Math.PI))
        / (2 * Math.log(rotary.base()));
  }

  private static double attentionFactor(RotaryScaling scaling) {
    return switch (scaling) {
      case RotaryScaling.Yarn yarn -> yarn.attentionFactor();
      case RotaryScaling.LongRope rope -> rope.attentionFactor();
      default -> 1;
    };
  }
}
