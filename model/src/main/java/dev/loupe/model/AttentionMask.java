package dev.loupe.model;

import dev.loupe.tensor.Device;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.Tensors;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.LongStream;

/**
 * What each position may not attend to: what comes after it, what its window does not reach, and
 * pads. A pad itself sees only itself, so that its row stays finite; its pattern is zero.
 */
final class AttentionMask {
  private final int past;
  private final int length;
  private final long[] starts;
  private final long[] ends;
  private final boolean padded;
  private final Device device;
  private final Map<Integer, Tensor> byWindow = new HashMap<>();

  /**
   * Creates the mask of {@code length} positions that follow {@code past} others.
   *
   * @param starts where each row's first token stands, counted from the first of the past
   * @param ends where each row's last token stands, plus one
   * @param windows the windows of the model's layers
   */
  AttentionMask(
      int past,
      int length,
      long[] starts,
      long[] ends,
      Collection<Integer> windows,
      Device device) {
    this.past = past;
    this.length = length;
    this.starts = starts;
    this.ends = ends;
    this.device = device;
    padded =
        LongStream.of(starts).anyMatch(s -> s > 0)
            || LongStream.of(ends).anyMatch(e -> e < past + length);
    // All at once: what is made within a block does not outlive it.
    Set.copyOf(windows).forEach(window -> byWindow.put(window, compute(window)));
  }

  boolean isPadded() {
    return padded;
  }

  /** Returns where attention is blocked, BOOL [batch or 1, 1, dest, src]; window 0 means all. */
  Tensor blocked(int window) {
    return Objects.requireNonNull(byWindow.get(window));
  }

  /** Returns where destinations are tokens: BOOL [batch, 1, dest, 1]. */
  Tensor tokens() {
    int batch = starts.length;
    var flat = new boolean[batch * length];
    for (int i = 0; i < flat.length; i++) {
      flat[i] = isToken(i / length, past + i % length);
    }
    return Tensors.of(flat, batch, 1, length, 1).to(device);
  }

  private boolean isToken(int row, int position) {
    return position >= starts[row] && position < ends[row];
  }

  private Tensor compute(int window) {
    int batch = padded ? starts.length : 1;
    int sources = past + length;
    var flat = new boolean[Math.multiplyExact(batch * length, sources)];
    int at = 0;
    for (int row = 0; row < batch; row++) {
      for (int i = 0; i < length; i++) {
        int dest = past + i;
        for (int src = 0; src < sources; src++) {
          boolean outside = src > dest || (window > 0 && dest - src >= window);
          boolean pad = padded && src != dest && !(isToken(row, src) && isToken(row, dest));
          flat[at++] = outside || pad;
        }
      }
    }
    return Tensors.of(flat, batch, 1, length, sources).to(device);
  }
}
