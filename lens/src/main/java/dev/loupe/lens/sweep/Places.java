package dev.loupe.lens.sweep;

import dev.loupe.lens.At;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Which positions the cells of a grid are at. */
public sealed interface Places {
  /** The same ones in every cell: no axis. */
  record Fixed(At at) implements Places {
    @Override
    public String toString() {
      return at.toString();
    }
  }

  /** One cell for each of these. */
  record Listed(List<At> at) implements Places {
    /** Copies the list; refuses fewer than two. */
    public Listed {
      at = List.copyOf(at);
      if (at.size() < 2) {
        throw new IllegalArgumentException(
            "positions " + at + ": an axis of them needs two or more");
      }
    }

    @Override
    public String toString() {
      return at.stream().map(At::toString).collect(Collectors.joining(","));
    }
  }

  /** One cell for each token of the longest prompt, counted from 0. */
  record Each() implements Places {
    @Override
    public String toString() {
      return "each";
    }
  }

  /** Returns every position together. */
  static Places all() {
    return new Fixed(At.all());
  }

  /** Returns one cell for each position. */
  static Places each() {
    return new Each();
  }

  /** Returns the same positions in every cell. */
  static Places at(At at) {
    return new Fixed(at);
  }

  /**
   * Reads {@code each}, what {@link At#parse} reads, or several of those with commas between them,
   * which make an axis; the reverse of {@code toString}.
   */
  static Places parse(String text) {
    if (text.strip().equals("each")) {
      return each();
    }
    var places = Arrays.stream(text.split(",", -1)).map(At::parse).toList();
    if (places.contains(At.named("each"))) {
      throw new IllegalArgumentException("positions " + text + ": \"each\" stands alone");
    }
    if (places.stream().distinct().count() < places.size()) {
      throw new IllegalArgumentException("positions " + text + ": one of them is there twice");
    }
    return places.size() == 1 ? at(places.getFirst()) : new Listed(places);
  }

  /** Tells whether they make an axis. */
  default boolean isAxis() {
    return !(this instanceof Fixed);
  }

  /**
   * Returns one place for each value of the axis, a single one where there is none.
   *
   * @param length of the longest prompt
   */
  default List<At> of(int length) {
    return switch (this) {
      case Fixed fixed -> List.of(fixed.at());
      case Listed listed -> listed.at();
      case Each _ -> IntStream.range(0, length).mapToObj(At::index).toList();
    };
  }
}
