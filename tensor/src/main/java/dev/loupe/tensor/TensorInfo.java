package dev.loupe.tensor;

import java.util.List;

/**
 * What the header of a safetensors file says about one tensor.
 *
 * @param name its name
 * @param dtype the type of its elements
 * @param shape its sizes; empty for a scalar
 * @param begin where its bytes begin, counted from the end of the header
 * @param end where its bytes end, exclusive
 */
public record TensorInfo(String name, DType dtype, List<Long> shape, long begin, long end) {
  /** Copies the shape. */
  public TensorInfo {
    shape = List.copyOf(shape);
  }

  /** Returns the bytes its elements take. */
  public long bytes() {
    return end - begin;
  }

  /** Returns its name, shape and type, as error messages show them. */
  String describe() {
    return "tensor " + SafeTensorsException.quoted(name) + " " + shape + " " + dtype;
  }
}
