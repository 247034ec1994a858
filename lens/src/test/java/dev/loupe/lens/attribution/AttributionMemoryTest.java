package dev.loupe.lens.attribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loupe.lens.Answers;
import dev.loupe.lens.Head;
import dev.loupe.lens.Progress;
import dev.loupe.model.Gpt2Shape;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.PeakResident;
import java.io.IOException;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What attribution takes on a model of GPT-2 small's shape. */
class AttributionMemoryTest {
  private final SplittableRandom random = new SplittableRandom(1);

  private DirectAttribution attribution(HookedTransformer model, int prompts, int length) {
    var rows = new long[prompts][];
    for (int row = 0; row < prompts; row++) {
      rows[row] = random.longs(length, 0, Gpt2Shape.VOCABULARY).toArray();
    }
    var answers =
        Answers.of(
            random.longs(prompts, 0, 500).toArray(), random.longs(prompts, 500, 1000).toArray());
    return DirectAttribution.of(model, Tokens.of(rows), answers);
  }

  @Test
  void everyHeadOver104PromptsStaysUnder1Gib() throws IOException {
    try (var model = Gpt2Shape.model(12, Optional.empty())) {
      var direct = attribution(model, 104, 22);
      try (var memory = new PeakResident()) {
        assertThat(direct.byHead(Progress.none()).total().mean()).isFinite();
        assertThat(memory.growth()).isLessThan(1L << 30);
      }
    }
  }

  @Test
  void longPromptsTakeNoMoreThanShortOnes() throws IOException {
    try (var model = Gpt2Shape.model(1, Optional.empty())) {
      var direct = attribution(model, 6, 1000);
      try (var memory = new PeakResident()) {
        var sources =
            direct.bySource(Head.all(model.config()), new Sources.ByIndex(), Progress.none());
        assertThat(sources.total().mean()).isFinite();
        // Several patterns of all heads of one prompt, 46 MiB each.
        assertThat(memory.growth()).isLessThan(500L << 20);
      }
    }
  }
}
