package dev.loupe.model;

import dev.loupe.tensor.DType;
import dev.loupe.tensor.Device;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;

/** Cosines and sines of the positions of one run, and the rotation of queries and keys by them. */
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
   * Returns the table of a run; it belongs to the scope that is open.
   *
   * @param positions of every token, [row, pos] in row-major order, for one row or each of them
   * @param sequence how many tokens the sequence has so far, which some scalings go by
   */
  static RotaryTable of(
      Positions.Rotary rotary,
      long[] positions,
      int rows,
      int sequence,
      DType dtype,
      Device device) {
    double[] frequencies = frequencies(rotary, sequence);
    double attention = attentionFactor(rotary.scaling());
    int dims = rotary.dims();
    // Rows share most positions: each is computed once.
    long lowest = LongStream.of(positions).min().orElse(0);
    int count = (int) (LongStream.of(positions).max().orElse(0) - lowest) + 1;
    var cos = new double[count * dims];
    var sin = new double[count * dims];
    for (int i = 0; i < count * dims; i++) {
      double angle = (double) (lowest + i / dims) * frequencies[i % dims % frequencies.length];
      cos[i] = attention * Math.cos(angle);
      sin[i] = attention * Math.sin(angle);
    }
    long length = positions.length / rows;
    var places = LongStream.of(positions).map(p -> p - lowest).toArray();
    var index = Tensors.of(places, places.length);
    UnaryOperator<Tensor> spread =
        table -> table.indexSelect(0, index).reshape(rows, length, 1, dims).to(dtype).to(device);
    return new RotaryTable(
        dims,
        spread.apply(Tensors.of(cos, count, dims)),
        spread.apply(Tensors.of(sin, count, dims)));
  }

  /** Tells whether sequences of these lengths are turned alike, so that keys of one serve both. */
  static boolean alike(ModelConfig config, int length, int other) {
    if (!(config.positions() instanceof Positions.Rotary rotary)) {
      return true;
    }
    return switch (rotary.scaling()) {
      case RotaryScaling.Dynamic _, RotaryScaling.LongRope _ ->
          Arrays.equals(frequencies(rotary, length), frequencies(rotary, other));
      default -> true;
    };
  }

  /**
   * Turns queries or keys.
   *
   * @param x [batch, pos, head, d_head]
   */
  Tensor rotate(Tensor x) {
    var turned = dims == x.size(-1) ? x : x.narrow(3, 0, dims);
    int half = dims / 2;
    var swapped =
        Tensors.cat(3, List.of(turned.narrow(3, half, half).neg(), turned.narrow(3, 0, half)));
    var rotated = turned.mul(cos).add(swapped.mul(sin));
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
