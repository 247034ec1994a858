package dev.loupe.circuit.score;

import dev.loupe.lens.Answers;
import dev.loupe.lens.PromptPairs;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.ModelConfig;
import dev.loupe.model.PaddingSide;
import dev.loupe.model.RandomModels;
import dev.loupe.model.WeightProcessing;

/** Small random models of two layers with random prompts of two lengths. */
record RandomPairs(HookedTransformer model, PromptPairs pairs) implements AutoCloseable {
  static RandomPairs of(String family, long seed) {
    ModelConfig config = RandomModels.withLayers(RandomModels.family(family), 2);
    return new RandomPairs(
        RandomModels.model(config, seed, WeightProcessing.none()),
        PromptPairs.of(
            RandomModels.tokens(config, seed + 1, PaddingSide.LEFT, 3, 4, 3),
            RandomModels.tokens(config, seed + 2, PaddingSide.LEFT, 3, 4, 3),
            Answers.of(new long[] {0, 1, 2}, new long[] {3, 4, 5})));
  }

  @Override
  public void close() {
    model.close();
  }
}
