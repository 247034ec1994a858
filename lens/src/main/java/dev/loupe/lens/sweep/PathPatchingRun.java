package dev.loupe.lens.sweep;

import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Tokens;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Runs path patching block by block of prompts of one length, chunk by chunk of cells. */
final class PathPatchingRun {
  private PathPatchingRun() {}

  static SweepResult of(
      PathPatching patching, HookedTransformer model, SweepOptions options, Progress progress) {
    var prompts = patching.prompts();
    int cells = patching.senders().size();
    var clean = new double[prompts.size()];
    var corrupted = new double[prompts.size()];
    Arrays.fill(clean, Double.NaN);
    Arrays.fill(corrupted, Double.NaN);
    var values = new CellValues(cells, prompts.size());
    long done = 0;
    for (int[] rows : byLength(prompts)) {
      try (var block = new PathBlock(model, patching.on(unpadded(prompts, rows)))) {
        for (int i = 0; i < rows.length; i++) {
          clean[rows[i]] = block.clean()[i];
          corrupted[rows[i]] = block.corrupted()[i];
        }
        int size = Math.clamp(options.memory() / block.bytesPerCell(), 1, cells);
        for (int from = 0; from < cells; from += size) {
          if (Thread.currentThread().isInterrupted()) {
            return new SweepResult(patching.sweep(), clean, corrupted, values);
          }
          var chunk = IntStream.range(from, Math.min(from + size, cells)).boxed().toList();
          var found = block.compute(chunk, new Cancellation());
          for (int i = 0; i < found.length; i++) {
            for (int row = 0; row < rows.length; row++) {
              values.set(chunk.get(i), rows[row], found[i][row]);
            }
          }
          done += (long) chunk.size() * rows.length;
          progress.at(done, (long) cells * prompts.size());
        }
      }
    }
    return new SweepResult(patching.sweep(), clean, corrupted, values);
  }

  /** Returns the rows of every length, the shortest first. */
  static List<int[]> byLength(PromptPairs prompts) {
    Map<Integer, IntStream.Builder> byLength = new TreeMap<>();
    for (int row = 0; row < prompts.size(); row++) {
      byLength.computeIfAbsent(prompts.clean().row(row).length, _ -> IntStream.builder()).add(row);
    }
    return byLength.values().stream().map(rows -> rows.build().toArray()).toList();
  }

  /** Returns rows of one length, without pads. */
  static PromptPairs unpadded(PromptPairs prompts, int... rows) {
    var positions = new LinkedHashMap<String, List<Integer>>();
    prompts
        .positions()
        .forEach(
            (name, each) -> positions.put(name, IntStream.of(rows).mapToObj(each::get).toList()));
    return new PromptPairs(
        tokens(prompts.clean(), rows),
        tokens(prompts.corrupted(), rows),
        prompts.answers().rows(rows),
        positions,
        IntStream.of(rows).mapToObj(prompts.templates()::get).toList());
  }

  private static Tokens tokens(Tokens of, int... rows) {
    return Tokens.of(IntStream.of(rows).mapToObj(of::row).toArray(long[][]::new));
  }
}
