package dev.loupe.lens.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.lens.Progress;
import dev.loupe.model.ModelConfig;
import dev.loupe.model.RandomModels;
import dev.loupe.tensor.DType;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;

/** Path patching against two whole runs a cell, on models, paths and prompts drawn at random. */
class PathPatchingPropertyTest {
  @Property(tries = 120)
  void equalsTwoWholeRunsOnModelsOfAnyShape(@ForAll @LongRange(min = 0) long seed) {
    compare(RandomModels.config(seed), seed, DType.F64, 1e-10);
  }

  @Property(tries = 48)
  void equalsTwoWholeRunsOnEveryFamily(@ForAll @LongRange(min = 0) long seed) {
    var families = RandomModels.families();
    var config = families.get((int) (seed % families.size()));
    compare(config, seed, DType.F64, 1e-10);
    compare(config, seed, DType.F32, 1e-4);
  }

  private static void compare(ModelConfig config, long seed, DType dtype, double tolerance) {
    var patching = new RandomPaths(seed, config).draw();
    try (var model = RandomPaths.model(config, seed, dtype)) {
      var expected = NaivePathPatching.run(patching, model, Progress.none());
      var options = SweepOptions.standard().withMemory(1 << 20);
      var found = patching.run(model, options, Progress.none());
      same("clean", found.cleanByPrompt(), expected.cleanByPrompt(), tolerance);
      same("corrupted", found.corruptedByPrompt(), expected.corruptedByPrompt(), tolerance);
      assertThat(found.isComplete()).isTrue();
      for (int cell = 0; cell < found.size(); cell++) {
        var what =
            "cell %d: %s to %s"
                .formatted(cell, patching.senders().cell(cell), patching.receivers());
        same(what, found.byPrompt(cell), expected.byPrompt(cell), tolerance);
      }
    }
  }

  private static void same(String what, double[] found, double[] expected, double tolerance) {
    assertThat(found).as(what).hasSameSizeAs(expected);
    for (int i = 0; i < found.length; i++) {
      double scale = Math.max(1, Math.abs(expected[i]));
      assertThat(found[i])
          .as("%s, prompt %d", what, i)
          .isCloseTo(expected[i], within(tolerance * scale));
    }
  }
}
