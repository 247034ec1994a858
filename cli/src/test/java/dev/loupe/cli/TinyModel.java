package dev.loupe.cli;

import dev.loupe.model.TokenizerFixtures;
import dev.loupe.tensor.SafeTensorsWriter;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

/** A GPT-2 of one layer with random weights and a tokenizer of 37 words, in a folder. */
final class TinyModel {
  static final int D_VOCAB = 37;
  static final int N_CTX = 24;
  private static final int D_MODEL = 8;
  private static final int D_MLP = 16;

  private TinyModel() {}

  /** Writes the files and returns the folder. */
  static Path write(Path folder) {
    try (var _ = TensorScope.open()) {
      Files.createDirectories(folder);
      TokenizerFixtures.tiny(folder).close();
      Files.writeString(
          folder.resolve("config.json"),
          """
          {"model_type": "gpt2", "n_layer": 1, "n_head": 2, "n_embd": %d, "n_inner": %d,
           "n_positions": %d, "vocab_size": %d, "activation_function": "gelu_new",
           "bos_token_id": 0, "eos_token_id": 0}
          """
              .formatted(D_MODEL, D_MLP, N_CTX, D_VOCAB));
      SafeTensorsWriter.write(folder.resolve("model.safetensors"), weights(), Map.of());
      return folder;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static Map<String, Tensor> weights() {
    var shapes = new LinkedHashMap<String, long[]>();
    shapes.put("wte.weight", new long[] {D_VOCAB, D_MODEL});
    shapes.put("wpe.weight", new long[] {N_CTX, D_MODEL});
    shapes.put("h.0.attn.c_attn.weight", new long[] {D_MODEL, 3 * D_MODEL});
    shapes.put("h.0.attn.c_attn.bias", new long[] {3 * D_MODEL});
    shapes.put("h.0.attn.c_proj.weight", new long[] {D_MODEL, D_MODEL});
    shapes.put("h.0.attn.c_proj.bias", new long[] {D_MODEL});
    shapes.put("h.0.mlp.c_fc.weight", new long[] {D_MODEL, D_MLP});
    shapes.put("h.0.mlp.c_fc.bias", new long[] {D_MLP});
    shapes.put("h.0.mlp.c_proj.weight", new long[] {D_MLP, D_MODEL});
    shapes.put("h.0.mlp.c_proj.bias", new long[] {D_MODEL});
    for (var norm : new String[] {"h.0.ln_1", "h.0.ln_2", "ln_f"}) {
      shapes.put(norm + ".weight", new long[] {D_MODEL});
      shapes.put(norm + ".bias", new long[] {D_MODEL});
    }
    var random = new SplittableRandom(1);
    var weights = new LinkedHashMap<String, Tensor>();
    shapes.forEach((name, shape) -> {
      int numel = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
      var values = new float[numel];
      for (int i = 0; i < numel; i++) {
        values[i] = (float) random.nextGaussian(0, 0.5);
      }
      weights.put(name, Tensors.of(values, shape));
    });
    return weights;
  }
}
