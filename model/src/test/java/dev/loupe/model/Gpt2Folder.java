package dev.loupe.model;

import dev.loupe.tensor.DType;
import dev.loupe.tensor.SafeTensorsWriter;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/** Writes a tiny random GPT-2 of 2 layers in Hugging Face format, whole or in shards. */
public final class Gpt2Folder {
  private static final int D_MODEL = 8;
  private static final int VOCAB = 17;

  private Gpt2Folder() {}

  /** Writes config.json and model.safetensors. */
  public static void write(Path folder, long seed) {
    write(folder, seed, Map.of());
  }

  /** Writes the same with tensors changed or added; one without elements takes its place out. */
  static void write(Path folder, long seed, Map<String, Tensor> changes) {
    try (var _ = TensorScope.open()) {
      var tensors = tensors(seed);
      changes.forEach((name, tensor) -> {
        if (tensor.numel() == 0) {
          tensors.remove(name);
        } else {
          tensors.put(name, tensor);
        }
      });
      text(folder.resolve("config.json"), config());
      SafeTensorsWriter.write(folder.resolve("model.safetensors"), tensors, Map.of());
    }
  }

  /** Writes config.json and the tensors in two shards with their index. */
  static void writeShards(Path folder, long seed) {
    try (var _ = TensorScope.open()) {
      var tensors = tensors(seed);
      var first = new LinkedHashMap<String, Tensor>();
      var second = new LinkedHashMap<String, Tensor>();
      tensors.forEach((name, t) -> (name.contains("h.1") ? second : first).put(name, t));
      text(folder.resolve("config.json"), config());
      SafeTensorsWriter.write(folder.resolve("model-00001-of-00002.safetensors"), first, Map.of());
      SafeTensorsWriter.write(folder.resolve("model-00002-of-00002.safetensors"), second, Map.of());
      String map =
          tensors.keySet().stream()
              .map(name ->
                  "\"%s\": \"model-0000%d-of-00002.safetensors\""
                      .formatted(name, second.containsKey(name) ? 2 : 1))
              .collect(Collectors.joining(", "));
      text(
          folder.resolve("model.safetensors.index.json"),
          "{\"metadata\": {\"total_size\": 0}, \"weight_map\": {" + map + "}}");
    }
  }

  private static String config() {
    return """
    {"model_type": "gpt2", "n_layer": 2, "n_head": 2, "n_embd": %d, "n_positions": 12,
     "vocab_size": %d, "bos_token_id": 0, "eos_token_id": 0}
    """
        .formatted(D_MODEL, VOCAB);
  }

  private static Map<String, Tensor> tensors(long seed) {
    var random = new SplittableRandom(seed);
    var tensors = new LinkedHashMap<String, Tensor>();
    shapes()
        .forEach((name, shape) ->
            tensors.put("transformer." + name, Tensors.randn(random, 0.5, DType.F32, shape)));
    return tensors;
  }

  private static Map<String, long[]> shapes() {
    var shapes = new LinkedHashMap<String, long[]>();
    shapes.put("wte.weight", new long[] {VOCAB, D_MODEL});
    shapes.put("wpe.weight", new long[] {12, D_MODEL});
    for (var block : new String[] {"h.0.", "h.1."}) {
      layer(shapes, block + "attn.c_attn", D_MODEL, 3 * D_MODEL);
      layer(shapes, block + "attn.c_proj", D_MODEL, D_MODEL);
      layer(shapes, block + "mlp.c_fc", D_MODEL, 4 * D_MODEL);
      layer(shapes, block + "mlp.c_proj", 4 * D_MODEL, D_MODEL);
      norm(shapes, block + "ln_1");
      norm(shapes, block + "ln_2");
    }
    norm(shapes, "ln_f");
    return shapes;
  }

  private static void layer(Map<String, long[]> shapes, String name, long in, long out) {
    shapes.put(name + ".weight", new long[] {in, out});
    shapes.put(name + ".bias", new long[] {out});
  }

  private static void norm(Map<String, long[]> shapes, String name) {
    shapes.put(name + ".weight", new long[] {D_MODEL});
    shapes.put(name + ".bias", new long[] {D_MODEL});
  }

  private static void text(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
