package dev.loupe.model;

import java.util.List;
import java.util.stream.Collectors;

/** One family of models: how its config and its tensors become Loupe's. */
interface Architecture {
  /** Returns the {@code model_type}s it reads. */
  List<String> modelTypes();

  /** Returns what stands before the names of its tensors in files of the whole model. */
  String prefix();

  /** Reads the shape. */
  ModelConfig config(ConfigReader config);

  /** Reads the parameters; what this makes belongs to the scope that is open. */
  Weights weights(ModelConfig config, TensorReader tensors);

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
