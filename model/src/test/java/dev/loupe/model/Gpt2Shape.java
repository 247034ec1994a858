package dev.loupe.model;

import dev.loupe.tensor.DType;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** Models of GPT-2 small's shape with random weights, drawn in no time. */
public final class Gpt2Shape {
  /** Its vocabulary. */
  public static final int VOCABULARY = 50_257;

  private static final int WIDTH = 768;
  private static final int HEADS = 12;

  private final SplittableRandom random = new SplittableRandom(1);

  private Gpt2Shape() {}

  /** Returns one of so many layers; its blocks hold the same numbers, each in its own memory. */
  public static HookedTransformer model(int layers, Optional<Tokenizer> tokenizer) {
    return new Gpt2Shape().make(layers, tokenizer);
  }

  private HookedTransformer make(int layers, Optional<Tokenizer> tokenizer) {
    var config =
        new ModelConfig(
            "gpt2",
            layers,
            HEADS,
            HEADS,
            WIDTH,
            WIDTH / HEADS,
            4 * WIDTH,
            VOCABULARY,
            1024,
            Norm.LAYER_NORM,
            1e-5,
            new Positions.Learned(),
            Activation.GELU_TANH,
            false,
            false,
            Math.sqrt(64),
            false,
            Collections.nCopies(layers, 0),
            true,
            OptionalLong.empty(),
            List.of());
    try (var _ = TensorScope.open()) {
      var norm =
          new BlockWeights.NormWeights(
              Optional.of(Tensors.full(1, DType.F32, WIDTH)), Optional.of(tensor(WIDTH)));
      int width = WIDTH / HEADS;
      var block =
          new BlockWeights(
              norm,
              tensor(HEADS, WIDTH, width),
              tensor(HEADS, width),
              tensor(HEADS, WIDTH, width),
              tensor(HEADS, width),
              tensor(HEADS, WIDTH, width),
              tensor(HEADS, width),
              tensor(HEADS, width, WIDTH),
              tensor(WIDTH),
              norm,
              tensor(WIDTH, 4 * WIDTH),
              tensor(4 * WIDTH),
              Optional.empty(),
              Optional.empty(),
              tensor(4 * WIDTH, WIDTH),
              tensor(WIDTH));
      long[] rows = LongStream.range(0, VOCABULARY).map(token -> token % 1000).toArray();
      var wE = tensor(1000, WIDTH).indexSelect(0, rows);
      var weights =
          new Weights(
              wE,
              Optional.of(tensor(1024, WIDTH)),
              Stream.generate(() -> block.map(tensor -> tensor.mul(1))).limit(layers).toList(),
              norm,
              wE.transpose(0, 1),
              tensor(VOCABULARY));
      return HookedTransformer.of(config, weights, tokenizer, WeightProcessing.none());
    }
  }

  private Tensor tensor(long... shape) {
    return Tensors.randn(random, .02, DType.F32, shape);
  }
}
