package dev.loupe.lens;

import dev.loupe.tensor.DType;
import dev.loupe.tensor.Device;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.Tensors;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Where the right tokens of each prompt, or the wrong ones, stand among the columns of its logits.
 * Rows with fewer tokens than the longest repeat their first one, which {@code pads} marks.
 */
final class AnswerColumns {
  private final Tensor columns;
  private final Tensor pads;
  private final Tensor counts;

  private AnswerColumns(long[] columns, boolean[] pads, double[] counts, Device device) {
    int rows = counts.length;
    int width = columns.length / rows;
    this.columns = Tensors.of(columns, 1, rows, width).to(device);
    this.pads = Tensors.of(pads, 1, rows, width).to(device);
    this.counts = Tensors.of(counts, 1, rows).to(device);
  }

  static AnswerColumns right(Readout readout) {
    return of(readout, readout.answers().right(), "right");
  }

  /**
   * Returns those of the wrong tokens.
   *
   * @throws IllegalArgumentException if a prompt has none: there is no difference without them
   */
  static AnswerColumns wrong(Readout readout, String metric) {
    var wrong = readout.answers().wrong();
    for (int row = 0; row < wrong.size(); row++) {
      if (wrong.get(row).isEmpty()) {
        throw new IllegalArgumentException(
            "prompt " + row + " has no wrong token: " + metric + " needs at least one a prompt");
      }
    }
    return of(readout, wrong, "wrong");
  }

  private static AnswerColumns of(Readout readout, List<List<Long>> tokens, String kind) {
    var places = places(readout.columns());
    long vocabulary = readout.logits().size(-1);
    int rows = tokens.size();
    // A set: a token that is named twice must not count twice.
    var sets = tokens.stream().map(row -> row.stream().distinct().toList()).toList();
    int width = sets.stream().mapToInt(List::size).max().orElseThrow();
    var columns = new long[rows * width];
    var pads = new boolean[rows * width];
    var counts = new double[rows];
    for (int row = 0; row < rows; row++) {
      var set = sets.get(row);
      counts[row] = set.size();
      for (int i = 0; i < width; i++) {
        boolean pad = i >= set.size();
        long token = set.get(pad ? 0 : i);
        long column = readout.columns().isEmpty() ? token : places.getOrDefault(token, -1L);
        if (column < 0 || column >= vocabulary) {
          throw new IllegalArgumentException(
              kind
                  + " token "
                  + token
                  + " of prompt "
                  + row
                  + " is not among the "
                  + vocabulary
                  + " tokens that the logits are of");
        }
        columns[row * width + i] = column;
        pads[row * width + i] = pad;
      }
    }
    return new AnswerColumns(columns, pads, counts, readout.logits().device());
  }

  private static Map<Long, Long> places(List<Long> columns) {
    var places = new HashMap<Long, Long>();
    for (int i = 0; i < columns.size(); i++) {
      places.put(columns.get(i), (long) i);
    }
    return places;
  }

  /** Returns which of [run, prompt] {@code tokens} are among these, 1 or 0 of the given type. */
  Tensor contain(Tensor tokens, DType dtype) {
    return tokens.unsqueeze(-1).eq(columns).to(dtype).max(-1);
  }

  /** Returns the largest of the values, [run, prompt]. */
  Tensor max(Tensor values) {
    return pick(values).max(-1);
  }

  /** Returns the sum of the values, [run, prompt]. */
  Tensor sum(Tensor values) {
    return pick(values).maskedFill(pads, 0).sum(-1);
  }

  /** Returns the mean of the values, [run, prompt]. */
  Tensor mean(Tensor values) {
    return sum(values).div(counts.to(values.dtype()));
  }

  /** Returns log(sum(exp(value))), [run, prompt]: exact however small the terms. */
  Tensor logSumExp(Tensor values) {
    var picked = pick(values).maskedFill(pads, Double.NEGATIVE_INFINITY);
    var max = picked.max(-1);
    // Where all are -inf, so is the sum; x - max would be NaN.
    var shift = max.maskedFill(max.eq(infinity(max, -1)), 0);
    return picked.sub(shift.unsqueeze(-1)).exp().sum(-1).log().add(shift);
  }

  private Tensor pick(Tensor values) {
    return values.gather(2, columns.expand(values.size(0), columns.size(1), columns.size(2)));
  }

  static Tensor infinity(Tensor like, int sign) {
    return Tensors.full(sign * Double.POSITIVE_INFINITY, like.dtype()).to(like.device());
  }
}
