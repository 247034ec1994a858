package dev.loupe.study.behaviour;

import dev.loupe.lens.Head;
import dev.loupe.lens.sweep.SweepResult;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Reads sweeps whose cells are heads, by layer and head. */
final class HeadCells {
  private HeadCells() {}

  /** Returns the heads of a denoising sweep, the largest recovery in magnitude first. */
  static List<Head> ranked(SweepResult result) {
    int heads = result.axes().getLast().size();
    return IntStream.range(0, result.size())
        .boxed()
        .sorted(Comparator.comparingDouble((Integer i) -> -Math.abs(result.recovery(i).mean())))
        .map(i -> new Head(i / heads, i % heads))
        .toList();
  }
}
