package dev.loupe.circuit.run;

import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.lens.Answers;
import dev.loupe.lens.PromptPairs;
import dev.loupe.model.BlockWeights;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.ModelConfig;
import dev.loupe.model.PaddingSide;
import dev.loupe.model.RandomModels;
import dev.loupe.model.WeightProcessing;
import dev.loupe.model.Weights;
import dev.loupe.tensor.TensorScope;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Random pairs and circuits, and models whose heads share no keys. */
final class Fixtures {
  private Fixtures() {}

  /** Returns five pairs of two templates and three lengths, padded. */
  static PromptPairs pairs(ModelConfig config, long seed) {
    int[] lengths = {6, 4, 6, 1, 4};
    return new PromptPairs(
        RandomModels.tokens(config, seed, PaddingSide.LEFT, lengths),
        RandomModels.tokens(config, seed + 1, PaddingSide.LEFT, lengths),
        new Answers(
            List.of(List.of(1L), List.of(0L, 2L), List.of(3L), List.of(2L), List.of(1L)),
            List.of(List.of(2L), List.of(1L), List.of(0L, 4L), List.of(0L), List.of(3L))),
        Map.of(),
        List.of("a", "b", "b", "a", "b"));
  }

  /** Returns a circuit that has each edge with some probability. */
  static EdgeSet circuit(GraphShape shape, long seed, double share) {
    var random = new SplittableRandom(seed);
    return EdgeSet.of(
        shape, IntStream.range(0, shape.edges()).filter(_ -> random.nextDouble() < share));
  }

  /** Returns a model that computes the same with keys and values for every head. */
  static HookedTransformer ungrouped(HookedTransformer model) {
    var c = model.config();
    int shared = c.nHeads() / c.nKeyValueHeads();
    var config =
        new ModelConfig(
            c.family(),
            c.nLayers(),
            c.nHeads(),
            c.nHeads(),
            c.dModel(),
            c.dHead(),
            c.dMlp(),
            c.dVocab(),
            c.nCtx(),
            c.norm(),
            c.eps(),
            c.positions(),
            c.activation(),
            c.gatedMlp(),
            c.parallelBlocks(),
            c.attentionScale(),
            c.scaleByLayer(),
            c.windows(),
            c.tiedEmbeddings(),
            c.bosToken(),
            c.eosTokens());
    try (var _ = TensorScope.open()) {
      var w = model.weights();
      // A copy of each, as either model frees its own.
      var weights =
          new Weights(
                  w.wE(),
                  w.wPos(),
                  w.blocks().stream().map(b -> spread(b, shared)).toList(),
                  w.lnFinal(),
                  w.wU(),
                  w.bU())
              .map(t -> t.copy());
      return HookedTransformer.of(config, weights, Optional.empty(), WeightProcessing.none());
    }
  }

  private static BlockWeights spread(BlockWeights b, int times) {
    return new BlockWeights(
        b.ln1(),
        b.wQ(),
        b.bQ(),
        b.wK().repeatInterleave(times, 0),
        b.bK().repeatInterleave(times, 0),
        b.wV().repeatInterleave(times, 0),
        b.bV().repeatInterleave(times, 0),
        b.wO(),
        b.bO(),
        b.ln2(),
        b.wIn(),
        b.bIn(),
        b.wGate(),
        b.bGate(),
        b.wOut(),
        b.bOut());
  }
}
