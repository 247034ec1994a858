package dev.loupe.lens.sweep;

import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.Tensors;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** Which positions of every prompt of a block are computed. */
sealed interface Rows {
  /**
   * From one position to the last, in every prompt.
   *
   * @param from the first
   * @param length of the prompts
   */
  record Suffix(int from, int length) implements Rows {}

  /**
   * One position in each prompt.
   *
   * @param columns the position in every prompt
   */
  record Single(List<Integer> columns) implements Rows {
    /** Copies the list. */
    public Single {
      columns = List.copyOf(columns);
    }

    boolean isOne() {
      return columns.stream().distinct().count() == 1;
    }

    /** Returns the columns less {@code start} as an index for gather, [prompt, 1, 1...]. */
    Tensor index(int start, Tensor like) {
      var shape = new long[like.dim()];
      Arrays.fill(shape, 1);
      shape[0] = columns.size();
      long[] at = columns.stream().mapToLong(c -> c - start).toArray();
      var expanded = like.shape();
      expanded[1] = 1;
      return Tensors.of(at, shape).to(like.device()).expand(expanded);
    }
  }

  /** Returns the last position of every prompt. */
  static Rows last(int prompts, int length) {
    return new Single(Collections.nCopies(prompts, length - 1));
  }

  /** Returns how many positions of each prompt these are. */
  default int count() {
    return switch (this) {
      case Suffix suffix -> suffix.length() - suffix.from();
      case Single _ -> 1;
    };
  }

  /** Returns the position that row {@code i} of a prompt is. */
  default int column(int prompt, int i) {
    return switch (this) {
      case Suffix suffix -> suffix.from() + i;
      case Single single -> single.columns().get(prompt);
    };
  }

  /**
   * Takes these rows out of an activation.
   *
   * @param activation [prompt, pos, ...], its positions from {@code start} to the last
   * @return [prompt, row, ...]
   */
  default Tensor of(Tensor activation, int start) {
    return switch (this) {
      case Suffix suffix ->
          activation.narrow(1, suffix.from() - start, suffix.length() - suffix.from());
      case Single single ->
          single.isOne()
              ? activation.narrow(1, single.columns().getFirst() - start, 1)
              : activation.gather(1, single.index(start, activation));
    };
  }
}
