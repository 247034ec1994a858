package dev.loupe.demo;

import dev.loupe.model.ModelConfig;
import dev.loupe.tensor.SafeTensors;
import dev.loupe.tensor.SafeTensorsWriter;
import dev.loupe.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A training under way, as a file of tensors whose metadata say the step and the options.
 *
 * @param step the last that was taken
 * @param optimizer with the parameters
 */
record Checkpoint(int step, AdamW optimizer) {
  private static final String FILE = "checkpoint.safetensors";

  /** Writes it into a folder, in one step in place of an older one. */
  void write(Path folder, TrainingOptions options) {
    var tensors = new LinkedHashMap<String, Tensor>();
    int i = 0;
    for (var entry : optimizer.parameters().byName().entrySet()) {
      tensors.put("parameter." + entry.getKey(), entry.getValue());
      tensors.put("first." + entry.getKey(), optimizer.first().get(i));
      tensors.put("second." + entry.getKey(), optimizer.second().get(i));
      i++;
    }
    SafeTensorsWriter.write(
        folder.resolve(FILE),
        tensors,
        Map.of("step", String.valueOf(step), "options", options.toString()));
  }

  /**
   * Reads the checkpoint of a folder, if it has one.
   *
   * @throws IllegalArgumentException if it is of a training with other options
   */
  static Optional<Checkpoint> read(Path folder, TrainingOptions options, ModelConfig config) {
    var file = folder.resolve(FILE);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try (var tensors = SafeTensors.open(file)) {
      var found = tensors.metadata().getOrDefault("options", "none");
      if (!found.equals(options.toString())) {
        throw new IllegalArgumentException(
            "%s is of a training with other options. Found: %s. Expected: %s. Give another folder, or delete it"
                .formatted(file, found, options));
      }
      var parameters = new LinkedHashMap<String, Tensor>();
      List<Tensor> first = new ArrayList<>();
      List<Tensor> second = new ArrayList<>();
      for (var name : tensors.names()) {
        if (name.startsWith("parameter.")) {
          var parameter = name.substring("parameter.".length());
          parameters.put(parameter, tensors.get(name));
          first.add(tensors.get("first." + parameter));
          second.add(tensors.get("second." + parameter));
        }
      }
      int step = Integer.parseInt(tensors.metadata().getOrDefault("step", "0"));
      return Optional.of(
          new Checkpoint(step, new AdamW(new Parameters(config, parameters), first, second)));
    }
  }
}
