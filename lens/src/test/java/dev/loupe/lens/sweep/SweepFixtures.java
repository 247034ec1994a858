package dev.loupe.lens.sweep;

import dev.loupe.lens.ActivationDirection;
import dev.loupe.lens.Answers;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.Metric;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.PaddingSide;
import dev.loupe.model.RandomModels;
import dev.loupe.model.WeightProcessing;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;

/** Prompts, sites and directions for sweeps over random models of 3 layers and 4 heads. */
final class SweepFixtures {
  static final Metric METRIC = StandardMetric.LOGIT_DIFFERENCE;
  static final Answers ANSWERS = Answers.of(new long[] {1, 4, 7, 9}, new long[] {2, 5, 3, 11});
  // 10 numbers for the residual stream, 6 for a head.
  static final ActivationDirection WIDE = direction(10);
  static final ActivationDirection NARROW = direction(6);

  static final HookPoint Z = HookPoint.z(1);
  static final HookPoint RESID = HookPoint.residPre(1);
  static final HookPoint PATTERN = HookPoint.pattern(1);
  static final HookPoint SCORES = new HookPoint(Kind.ATTN_SCORES, 1);

  static HookedTransformer model(String family) {
    return RandomModels.model(RandomModels.family(family), 1, WeightProcessing.none());
  }

  static ActivationDirection direction(int size) {
    return new ActivationDirection(
        "truth", DoubleStream.iterate(0.5, v -> -0.9 * v + 0.2).limit(size).boxed().toList());
  }

  static PromptPairs pairs(PaddingSide side, int... lengths) {
    var clean = RandomModels.tokens(RandomModels.family("gpt2"), 2, side, lengths);
    var corrupted = RandomModels.tokens(RandomModels.family("gpt2"), 3, side, lengths);
    return new PromptPairs(
        clean, corrupted, ANSWERS, Map.of("S", List.of(0, 2, 1, 3)), List.of("a", "b", "a", "b"));
  }

  static PromptPairs even() {
    return pairs(PaddingSide.RIGHT, 6, 6, 6, 6);
  }

  static Sweep sweep(PromptPairs pairs, List<List<Intervention>> cells) {
    var grid = Grid.of(Axis.numbered("cell", cells.size()), cells);
    return Sweep.of(grid, pairs, PatchDirection.DENOISING, METRIC);
  }

  private SweepFixtures() {}
}
