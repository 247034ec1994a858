package dev.loupe.model;

import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** One family of models: how its config and its tensors become Loupe's. */
interface Architecture {
  /** Returns the {@code model_type}s it reads. */
  List<String> modelTypes();

  /** Returns what stands before the names of its tensors in files of the whole model. */
  String prefix();

  /** Reads the shape. */
  ModelConfig config(ConfigReader config);

  /**
   * Reads the parameters; what this makes belongs to the scope that is open.
   *
   * @param json the config again, for what it says of tensors and {@code config} does not keep
   */
  Weights weights(ConfigReader json, ModelConfig config, TensorReader tensors);

  /** Reads a block for each layer, whose tensors' names begin with {@code prefix} and a number. */
  static List<BlockWeights> blocks(
      ModelConfig config, String prefix, Function<String, BlockWeights> block) {
    return IntStream.range(0, config.nLayers())
        .mapToObj(layer -> block.apply(prefix + layer + "."))
        .toList();
  }

  /** Returns the architecture of a {@code model_type}. */
  static Architecture of(String modelType, String where) {
    List<Architecture> known =
        List.of(
            new Gpt2Architecture(),
            new GptNeoXArchitecture(),
            new LlamaArchitecture(),
            new GptNeoArchitecture());
    return known.stream()
        .filter(a -> a.modelTypes().contains(modelType))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                where
                    + ": model_type \""
                    + modelType
                    + "\": expected one of "
                    + known.stream()
                        .flatMap(a -> a.modelTypes().stream())
                        .collect(Collectors.joining(", "))));
  }
}
