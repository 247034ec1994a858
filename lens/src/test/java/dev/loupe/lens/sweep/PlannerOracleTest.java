package dev.loupe.lens.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loupe.lens.Progress;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.ModelConfig;
import dev.loupe.model.RandomModels;
import dev.loupe.model.WeightProcessing;
import dev.loupe.tensor.DType;
import dev.loupe.tensor.TensorScope;
import java.util.Optional;
import java.util.SplittableRandom;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;

/** Holds the planner to whole forward passes: any model, grid, metric, padding, memory, threads. */
class PlannerOracleTest {
  @Property(tries = 300)
  void equalsWholeRunsInDoublePrecision(@ForAll @LongRange(min = 0, max = 1L << 40) long seed) {
    var random = new SplittableRandom(seed);
    var config = config(random);
    try (var model = RandomModels.model(config, seed, WeightProcessing.none())) {
      var sweeps = new RandomSweeps(config, seed);
      compare(model, sweeps.sweep(sweeps.metric()), options(random), 1e-10);
    }
  }

  @Example
  void severalChangesOfOneEmbeddingFollowEachOther() {
    equalsWholeRunsInDoublePrecision(904458881771L);
  }

  @Property(tries = 50)
  void equalsWholeRunsInSinglePrecision(@ForAll @LongRange(min = 0, max = 1L << 40) long seed) {
    var random = new SplittableRandom(seed);
    var config = config(random);
    try (var _ = TensorScope.open();
        var model =
            HookedTransformer.of(
                config,
                RandomModels.weights(config, seed).map(w -> w.to(DType.F32)),
                Optional.empty(),
                WeightProcessing.none())) {
      var sweep = new RandomSweeps(config, seed).sweep(StandardMetric.LOGIT_DIFFERENCE);
      compare(model, sweep, options(random), 1e-4);
    }
  }

  private static ModelConfig config(SplittableRandom random) {
    var families = RandomModels.families();
    return random.nextBoolean()
        ? RandomModels.config(random.nextLong())
        : families.get(random.nextInt(families.size()));
  }

  private static SweepOptions options(SplittableRandom random) {
    return SweepOptions.standard()
        .withThreads(random.nextInt(1, 4))
        .withMemory(1L << random.nextInt(20, 28));
  }

  private static void compare(
      HookedTransformer model, Sweep sweep, SweepOptions options, double tolerance) {
    SweepResult slow;
    try {
      slow = NaiveSweep.run(sweep, model, Progress.none());
    } catch (IllegalArgumentException | IllegalStateException e) {
      // What whole runs refuse, the planner refuses too.
      assertThatThrownBy(() -> sweep.run(model, options, Progress.none()))
          .isInstanceOf(e.getClass());
      return;
    }
    var fast = sweep.run(model, options, Progress.none());
    assertClose("clean", fast.cleanByPrompt(), slow.cleanByPrompt(), tolerance);
    assertClose("corrupted", fast.corruptedByPrompt(), slow.corruptedByPrompt(), tolerance);
    for (int cell = 0; cell < slow.size(); cell++) {
      assertClose(
          sweep.metric() + " of " + sweep.grid().cell(cell),
          fast.byPrompt(cell),
          slow.byPrompt(cell),
          tolerance);
    }
  }

  private static void assertClose(
      String what, double[] found, double[] expected, double tolerance) {
    assertThat(found).as(what).hasSameSizeAs(expected);
    for (int i = 0; i < found.length; i++) {
      double allowed = tolerance * Math.max(1, Math.abs(expected[i]));
      assertThat(Math.abs(found[i] - expected[i]))
          .as("%s, prompt %d: found %s, expected %s", what, i, found[i], expected[i])
          .isLessThanOrEqualTo(allowed);
    }
  }
}
