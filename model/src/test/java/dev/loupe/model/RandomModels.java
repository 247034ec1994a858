package dev.loupe.model;

import dev.loupe.model.BlockWeights.NormWeights;
import dev.loupe.tensor.DType;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.Tensors;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Small models with random weights, of every kind that Loupe computes, for tests of any module. */
public final class RandomModels {
  /** How many tokens the random models read at most. */
  public static final int CONTEXT = 16;

  private RandomModels() {}

  /** Returns one config of each family, with what sets it apart. */
  public static List<ModelConfig> families() {
    return Stream.of("gpt2", "gpt_neo", "gpt_neox", "gpt_neox serial", "llama", "mistral")
        .map(RandomModels::family)
        .toList();
  }

  /** Returns the config of a family, or of a variant of it, of 3 layers and 4 heads. */
  public static ModelConfig family(String name) {
    var none = new RotaryScaling.None();
    return switch (name) {
      case "gpt2" -> new Sketch(name).config();
      case "gpt_neo" -> new Sketch(name).windows(0, 3, 0).unscaled().config();
      case "gpt_neox" ->
          new Sketch(name).rotary(2, none).untied(Activation.GELU).inParallel().config();
      case "gpt_neox serial" ->
          new Sketch("gpt_neox").rotary(4, none).untied(Activation.GELU).config();
      case "llama" -> new Sketch(name).rotary(6, none).gated(2).config();
      case "mistral" -> new Sketch(name).rotary(6, none).gated(1).windows(4, 4, 4).config();
      default -> throw new IllegalArgumentException(name);
    };
  }

  /** Returns a rotary config whose positions are turned by the length beyond {@code trained}. */
  public static ModelConfig dynamic(int trained) {
    return new Sketch("llama").rotary(6, new RotaryScaling.Dynamic(4, trained)).gated(2).config();
  }

  /** Returns a config drawn at random: odd sizes, and any combination of kinds. */
  public static ModelConfig config(long seed) {
    var random = new SplittableRandom(seed);
    int heads = random.nextInt(1, 6);
    int groups = Stream.of(heads, heads, 1).toList().get(random.nextInt(3));
    int dHead = random.nextInt(2, 8);
    int layers = random.nextInt(1, 4);
    boolean rotary = random.nextBoolean();
    int dims = 2 * random.nextInt(1, dHead / 2 + 1);
    boolean windowed = random.nextInt(3) == 0;
    return new ModelConfig(
        "random " + seed,
        layers,
        heads,
        heads == 4 && groups == 1 ? 2 : groups,
        random.nextInt(3, 14),
        dHead,
        random.nextInt(1, 18),
        random.nextInt(5, 24),
        CONTEXT,
        random.nextBoolean() ? Norm.LAYER_NORM : Norm.RMS_NORM,
        1e-5,
        rotary
            ? new Positions.Rotary(dims, 100, new RotaryScaling.None())
            : new Positions.Learned(),
        List.of(Activation.values()).get(random.nextInt(5)),
        random.nextBoolean(),
        random.nextBoolean(),
        random.nextBoolean() ? Math.sqrt(dHead) : 1,
        random.nextInt(4) == 0,
        IntStream.range(0, layers)
            .mapToObj(l -> windowed && random.nextBoolean() ? random.nextInt(1, 7) : 0)
            .toList(),
        random.nextBoolean(),
        OptionalLong.empty(),
        List.of());
  }

  /** Returns a config with fewer layers. */
  public static ModelConfig withLayers(ModelConfig c, int layers) {
    return new ModelConfig(
        c.family(),
        layers,
        c.nHeads(),
        c.nKeyValueHeads(),
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
        c.windows().subList(0, layers),
        c.tiedEmbeddings(),
        c.bosToken(),
        c.eosTokens());
  }

  /** Returns a config with another vocabulary, and another longest sequence. */
  public static ModelConfig withVocabulary(ModelConfig c, int tokens, int context) {
    return new ModelConfig(
        c.family(),
        c.nLayers(),
        c.nHeads(),
        c.nKeyValueHeads(),
        c.dModel(),
        c.dHead(),
        c.dMlp(),
        tokens,
        context,
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
  }

  /** Returns F64 weights of a config, large enough that attention is peaked and biases matter. */
  public static Weights weights(ModelConfig c, long seed) {
    var draw = new Draw(new SplittableRandom(seed), c);
    var wE = draw.tensor(1, c.dVocab(), c.dModel());
    return new Weights(
        wE,
        c.isRotary() ? Optional.empty() : Optional.of(draw.tensor(0.5, c.nCtx(), c.dModel())),
        Stream.generate(draw::block).limit(c.nLayers()).toList(),
        draw.norm(),
        c.tiedEmbeddings() ? wE.transpose(0, 1) : draw.tensor(1, c.dModel(), c.dVocab()),
        draw.tensor(0.3, c.dVocab()));
  }

  /** Returns a F64 model with {@link #weights}, close it after use. */
  public static HookedTransformer model(ModelConfig config, long seed, WeightProcessing steps) {
    return HookedTransformer.of(config, weights(config, seed), Optional.empty(), steps);
  }

  /** Returns random rows of the given lengths, padded on {@code side} where they differ. */
  public static Tokens tokens(ModelConfig config, long seed, PaddingSide side, int... lengths) {
    var random = new SplittableRandom(seed);
    return Tokens.padded(
        side,
        random.nextInt(config.dVocab()),
        IntStream.of(lengths)
            .mapToObj(n -> random.longs(n, 0, config.dVocab()).toArray())
            .toList());
  }

  private record Draw(SplittableRandom random, ModelConfig c) {
    Tensor tensor(double deviation, long... shape) {
      return Tensors.randn(random, deviation, DType.F64, shape);
    }

    NormWeights norm() {
      var weight = tensor(0.4, c.dModel()).add(1);
      return new NormWeights(
          Optional.of(weight),
          c.norm() == Norm.LAYER_NORM ? Optional.of(tensor(0.4, c.dModel())) : Optional.empty());
    }

    BlockWeights block() {
      double in = 1.5 / Math.sqrt(c.dModel());
      int heads = c.nHeads();
      int groups = c.nKeyValueHeads();
      return new BlockWeights(
          norm(),
          tensor(in, heads, c.dModel(), c.dHead()),
          tensor(0.5, heads, c.dHead()),
          tensor(in, groups, c.dModel(), c.dHead()),
          tensor(0.5, groups, c.dHead()),
          tensor(in, groups, c.dModel(), c.dHead()),
          tensor(0.5, groups, c.dHead()),
          tensor(0.5, heads, c.dHead(), c.dModel()),
          tensor(0.3, c.dModel()),
          norm(),
          tensor(in, c.dModel(), c.dMlp()),
          tensor(0.5, c.dMlp()),
          c.gatedMlp() ? Optional.of(tensor(in, c.dModel(), c.dMlp())) : Optional.empty(),
          c.gatedMlp() ? Optional.of(tensor(0.5, c.dMlp())) : Optional.empty(),
          tensor(0.5, c.dMlp(), c.dModel()),
          tensor(0.3, c.dModel()));
    }
  }

  /** A GPT-2 of which single things are changed. */
  private record Sketch(
      String family,
      int groups,
      Norm norm,
      Positions positions,
      Activation activation,
      boolean gated,
      boolean parallel,
      double scale,
      List<Integer> windows,
      boolean tied) {
    Sketch(String family) {
      this(
          family,
          4,
          Norm.LAYER_NORM,
          new Positions.Learned(),
          Activation.GELU_TANH,
          false,
          false,
          Math.sqrt(6),
          List.of(0, 0, 0),
          true);
    }

    Sketch rotary(int dims, RotaryScaling scaling) {
      var rotary = new Positions.Rotary(dims, 10000, scaling);
      return new Sketch(
          family, groups, norm, rotary, activation, gated, parallel, scale, windows, tied);
    }

    Sketch untied(Activation other) {
      return new Sketch(
          family, groups, norm, positions, other, gated, parallel, scale, windows, false);
    }

    Sketch inParallel() {
      return new Sketch(
          family, groups, norm, positions, activation, gated, true, scale, windows, tied);
    }

    Sketch gated(int newGroups) {
      return new Sketch(
          family,
          newGroups,
          Norm.RMS_NORM,
          positions,
          Activation.SILU,
          true,
          parallel,
          scale,
          windows,
          false);
    }

    Sketch windows(Integer... each) {
      return new Sketch(
          family, groups, norm, positions, activation, gated, parallel, scale, List.of(each), tied);
    }

    Sketch unscaled() {
      return new Sketch(
          family, groups, norm, positions, activation, gated, parallel, 1, windows, tied);
    }

    ModelConfig config() {
      return new ModelConfig(
          family,
          3,
          4,
          groups,
          10,
          6,
          14,
          19,
          CONTEXT,
          norm,
          1e-5,
          positions,
          activation,
          gated,
          parallel,
          scale,
          false,
          windows,
          tied,
          OptionalLong.empty(),
          List.of());
    }
  }
}
