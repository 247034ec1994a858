package dev.loupe.lens.sweep;

import dev.loupe.tensor.Device;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.Tensors;

/** What the last positions of prompts of one length may not attend to. */
final class SuffixMask {
  private SuffixMask() {}

  /** Returns where attention is blocked, BOOL [dest, src]: dest from {@code from} on, src all. */
  static Tensor of(int from, int length, int window, Device device) {
    var blocked = new boolean[(length - from) * length];
    for (int i = 0; i < blocked.length; i++) {
      int dest = from + i / length;
      int src = i % length;
      blocked[i] = src > dest || (window > 0 && dest - src >= window);
    }
    return Tensors.of(blocked, length - from, length).to(device);
  }
}
