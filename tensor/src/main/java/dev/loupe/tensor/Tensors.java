package dev.loupe.tensor;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Makes tensors: from Java arrays, from constants, from random numbers, from other tensors. */
public final class Tensors {
  static {
    Torch.load();
  }

  private Tensors() {}

  /** Copies {@code values}, in row-major order, into a F32 tensor of {@code shape}. */
  public static Tensor of(float[] values, long... shape) {
    return from(MemorySegment.ofArray(values), values.length, DType.F32, shape);
  }

  /** Copies {@code values}, in row-major order, into a F64 tensor of {@code shape}. */
  public static Tensor of(double[] values, long... shape) {
    return from(MemorySegment.ofArray(values), values.length, DType.F64, shape);
  }

  /** Copies {@code values}, in row-major order, into an I64 tensor of {@code shape}. */
  public static Tensor of(long[] values, long... shape) {
    return from(MemorySegment.ofArray(values), values.length, DType.I64, shape);
  }

  /** Copies {@code values}, in row-major order, into a BOOL tensor of {@code shape}. */
  public static Tensor of(boolean[] values, long... shape) {
    var bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) (values[i] ? 1 : 0);
    }
    return from(MemorySegment.ofArray(bytes), values.length, DType.BOOL, shape);
  }

  /** Returns a F64 tensor without dimensions. */
  public static Tensor scalar(double value) {
    return of(new double[] {value});
  }

  /** Returns zeros. */
  public static Tensor zeros(DType dtype, long... shape) {
    return full(0, dtype, shape);
  }

  /** Returns {@code value} everywhere. */
  public static Tensor full(double value, DType dtype, long... shape) {
    return make(
        "full" + Arrays.toString(shape),
        () -> torch.full(shape, new Scalar(value), Torch.options(dtype, Device.cpu())),
        List.of());
  }

  /** Returns 0, 1, ... {@code end - 1} as I64. */
  public static Tensor arange(long end) {
    return make(
        "arange(" + end + ")",
        () -> torch.arange(new Scalar(end), Torch.options(DType.I64, Device.cpu())),
        List.of());
  }

  /**
   * Returns normal deviates of mean 0, drawn in Java so that a seed gives the same numbers
   * everywhere.
   */
  public static Tensor randn(
      SplittableRandom random, double deviation, DType dtype, long... shape) {
    var values = new double[Math.toIntExact(count(shape))];
    for (int i = 0; i < values.length; i++) {
      values[i] = deviation * random.nextGaussian();
    }
    return TensorScope.tidy(() -> of(values, shape).to(dtype));
  }

  /** Joins tensors along a dimension that they have. */
  public static Tensor cat(int dim, List<Tensor> tensors) {
    return make("cat(" + dim + ")", () -> torch.cat(vector(tensors), dim), tensors);
  }

  /** Joins tensors of one shape along a new dimension. */
  public static Tensor stack(int dim, List<Tensor> tensors) {
    return make("stack(" + dim + ")", () -> torch.stack(vector(tensors), dim), tensors);
  }

  /** Returns elements of {@code yes} where {@code condition} (BOOL) is true, else of {@code no}. */
  public static Tensor where(Tensor condition, Tensor yes, Tensor no) {
    return make(
        "where",
        () -> torch.where(condition.handle(), yes.handle(), no.handle()),
        List.of(condition, yes, no));
  }

  /**
   * Returns the sum of products that {@code equation} names, as in NumPy: {@code "bqd,bkd->bqk"}.
   */
  public static Tensor einsum(String equation, Tensor... operands) {
    var list = List.of(operands);
    return make("einsum \"" + equation + "\"", () -> torch.einsum(equation, vector(list)), list);
  }

  static Tensor empty(DType dtype, long... shape) {
    return make(
        "empty" + Arrays.toString(shape),
        () -> torch.empty(shape, Torch.options(dtype, Device.cpu()), new MemoryFormatOptional()),
        List.of());
  }

  private static Tensor from(MemorySegment values, long found, DType dtype, long... shape) {
    if (count(shape) != found) {
      throw new TensorException(found + " values for a tensor of shape " + Arrays.toString(shape));
    }
    return Tensor.fromSegment(values, dtype, shape);
  }

  private static long count(long... shape) {
    long count = 1;
    for (long size : shape) {
      if (size < 0) {
        throw new TensorException("shape " + Arrays.toString(shape) + ": sizes are 0 or more");
      }
      count = Math.multiplyExact(count, size);
    }
    return count;
  }

  private static Tensor make(
      String name, Supplier<org.bytedeco.pytorch.Tensor> call, List<Tensor> operands) {
    try {
      return new Tensor(call.get());
    } catch (RuntimeException e) {
      String shapes =
          operands.stream().map(Tensor::describe).collect(Collectors.joining(", ", " of ", ""));
      throw new TensorException(name + (operands.isEmpty() ? "" : shapes) + ": " + firstLine(e), e);
    }
  }

  static TensorVector vector(List<Tensor> tensors) {
    return new TensorVector(
        tensors.stream().map(Tensor::handle).toArray(org.bytedeco.pytorch.Tensor[]::new));
  }

  // What libtorch throws carries its C++ stack below the first line.
  static String firstLine(Throwable cause) {
    String message = String.valueOf(cause.getMessage());
    int end = message.indexOf('\n');
    return end < 0 ? message : message.substring(0, end);
  }
}
