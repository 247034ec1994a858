package dev.loupe.model;

import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A batch of token ids, with padding where rows differ in length. A pad is seen by no token and
 * counted by no position: a padded row gives what it gives alone.
 */
public final class Tokens {
  private final long[][] rows;
  private final int length;
  private final PaddingSide side;
  private final long padId;

  private Tokens(long[][] rows, int length, PaddingSide side, long padId) {
    this.rows = rows;
    this.length = length;
    this.side = side;
    this.padId = padId;
  }

  /**
   * Returns a batch of rows of one length.
   *
   * @throws IllegalArgumentException if there is no row, a row is empty, or lengths differ
   */
  public static Tokens of(long[]... rows) {
    var tokens = padded(PaddingSide.RIGHT, 0, List.of(rows));
    if (tokens.isPadded()) {
      throw new IllegalArgumentException(
          "rows of lengths "
              + Arrays.stream(rows).map(r -> r.length).toList()
              + ": expected one length; Tokens.padded takes rows of several");
    }
    return tokens;
  }

  /** Returns a batch of one prompt. */
  public static Tokens of(Prompt prompt) {
    return of(prompt.idArray());
  }

  /**
   * Returns a batch of rows of any length, the shorter ones padded.
   *
   * @param side where the padding goes
   * @param padId any token id; what stands at a pad has no effect on the other tokens
   * @throws IllegalArgumentException if there is no row or a row is empty
   */
  public static Tokens padded(PaddingSide side, long padId, List<long[]> rows) {
    if (rows.isEmpty()) {
      throw new IllegalArgumentException("no rows: a batch has at least one");
    }
    int longest = 0;
    for (int i = 0; i < rows.size(); i++) {
      if (rows.get(i).length == 0) {
        throw new IllegalArgumentException("row " + i + " is empty: expected at least one token");
      }
      longest = Math.max(longest, rows.get(i).length);
    }
    return new Tokens(
        rows.stream().map(long[]::clone).toArray(long[][]::new), longest, side, padId);
  }

  /** Returns the number of rows. */
  public int batch() {
    return rows.length;
  }

  /** Returns the length of every row, pads counted. */
  public int length() {
    return length;
  }

  /** Returns the tokens of one row without its pads. */
  public long[] row(int row) {
    return rows[row].clone();
  }

  /** Returns where the first token of a row stands. */
  public int start(int row) {
    return side == PaddingSide.LEFT ? length - rows[row].length : 0;
  }

  /** Returns where the last token of a row stands. */
  public int last(int row) {
    return start(row) + rows[row].length - 1;
  }

  /** Returns {@link #last} of every row. */
  public long[] lastPositions() {
    var last = new long[batch()];
    for (int row = 0; row < last.length; row++) {
      last[row] = last(row);
    }
    return last;
  }

  /** Tells whether any row has pads. */
  public boolean isPadded() {
    return Arrays.stream(rows).anyMatch(row -> row.length != length);
  }

  /** Returns where pads stand. */
  public PaddingSide side() {
    return side;
  }

  /** Returns the rows {@code from} to {@code to} (exclusive), padded as here. */
  public Tokens rows(int from, int to) {
    if (from < 0 || to > rows.length || from >= to) {
      throw new IllegalArgumentException(
          "rows " + from + " to " + to + " of a batch of " + rows.length);
    }
    return new Tokens(Arrays.copyOfRange(rows, from, to), length, side, padId);
  }

  /**
   * Returns the rows without their last tokens, padded on the left.
   *
   * @throws IllegalArgumentException if a row has only one token
   */
  public Tokens withoutLast() {
    return padded(
        PaddingSide.LEFT,
        padId,
        Arrays.stream(rows).map(row -> Arrays.copyOf(row, row.length - 1)).toList());
  }

  /** Returns the last token of every row, a batch of length 1. */
  public Tokens lastTokens() {
    return of(
        Arrays.stream(rows).map(row -> new long[] {row[row.length - 1]}).toArray(long[][]::new));
  }

  /** Returns the ids, pads included, I64 [batch, pos]. */
  public Tensor ids() {
    var flat = new long[rows.length * length];
    Arrays.fill(flat, padId);
    for (int row = 0; row < rows.length; row++) {
      System.arraycopy(rows[row], 0, flat, row * length + start(row), rows[row].length);
    }
    return Tensors.of(flat, rows.length, length);
  }

  /** Returns where tokens, not pads, stand: BOOL [batch, pos]. */
  public Tensor mask() {
    var flat = new boolean[rows.length * length];
    for (int row = 0; row < rows.length; row++) {
      Arrays.fill(flat, row * length + start(row), row * length + last(row) + 1, true);
    }
    return Tensors.of(flat, rows.length, length);
  }

  /** Refuses ids outside the vocabulary and rows longer than the context. */
  void requireFor(ModelConfig config) {
    if (length > config.nCtx()) {
      throw new IllegalArgumentException(
          "a prompt of " + length + " tokens: this model reads at most " + config.nCtx());
    }
    for (int row = 0; row < rows.length; row++) {
      for (int i = 0; i < rows[row].length; i++) {
        if (rows[row][i] < 0 || rows[row][i] >= config.dVocab()) {
          throw new IllegalArgumentException(
              "token "
                  + rows[row][i]
                  + " at row "
                  + row
                  + ", position "
                  + i
                  + ": expected 0 to "
                  + (config.dVocab() - 1));
        }
      }
    }
    if (padId < 0 || padId >= config.dVocab()) {
      throw new IllegalArgumentException(
          "pad token " + padId + ": expected 0 to " + (config.dVocab() - 1));
    }
  }

  /** Returns these rows with one token more each; refused for rows padded on the right. */
  Tokens append(long[] next) {
    if (isPadded() && side == PaddingSide.RIGHT) {
      throw new IllegalArgumentException(
          "rows padded on the right cannot grow: pad them on the left");
    }
    var longer = new ArrayList<long[]>();
    for (int row = 0; row < rows.length; row++) {
      var grown = Arrays.copyOf(rows[row], rows[row].length + 1);
      grown[rows[row].length] = next[row];
      longer.add(grown);
    }
    return new Tokens(longer.toArray(long[][]::new), length + 1, side, padId);
  }
}
