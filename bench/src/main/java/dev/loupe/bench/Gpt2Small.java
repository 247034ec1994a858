package dev.loupe.bench;

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

/** A model of GPT-2 small's shape with random weights, in a folder as the hub would give it. */
final class Gpt2Small {
  static final int LAYERS = 12;
  static final int D_MODEL = 768;
  static final int D_MLP = 3072;
  static final int D_VOCAB = 50257;
  static final int N_CTX = 1024;

  private Gpt2Small() {}

  /** Writes the folder unless it is there. */
  static Path folder() {
    var folder = Path.of(System.getProperty("java.io.tmpdir"), "loupe-bench-gpt2-small");
    try {
      if (!Files.exists(folder.resolve("model.safetensors"))) {
        Files.createDirectories(folder);
        Files.writeString(
            folder.resolve("config.json"),
            """
            {"model_type": "gpt2", "n_layer": 12, "n_head": 12, "n_embd": 768,
             "n_positions": 1024, "vocab_size": 50257, "bos_token_id": 50256,
             "eos_token_id": 50256}
            """);
        try (var _ = TensorScope.open()) {
          SafeTensorsWriter.write(folder.resolve("model.safetensors"), weights(), Map.of());
        }
      }
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, Tensor> weights() {
    var random = new SplittableRandom(0);
    var weights = new LinkedHashMap<String, Tensor>();
    weights.put("wte.weight", random(random, D_VOCAB, D_MODEL));
    weights.put("wpe.weight", random(random, N_CTX, D_MODEL));
    for (int layer = 0; layer < LAYERS; layer++) {
      String name = "h." + layer + ".";
      norm(weights, name + "ln_1");
      linear(weights, random, name + "attn.c_attn", D_MODEL, 3 * D_MODEL);
      linear(weights, random, name + "attn.c_proj", D_MODEL, D_MODEL);
      norm(weights, name + "ln_2");
      linear(weights, random, name + "mlp.c_fc", D_MODEL, D_MLP);
      linear(weights, random, name + "mlp.c_proj", D_MLP, D_MODEL);
    }
    norm(weights, "ln_f");
    return weights;
  }

  private static void norm(Map<String, Tensor> weights, String name) {
    weights.put(name + ".weight", Tensors.full(1, DType.F32, D_MODEL));
    weights.put(name + ".bias", Tensors.zeros(DType.F32, D_MODEL));
  }

  private static void linear(
      Map<String, Tensor> weights, SplittableRandom random, String name, int in, int out) {
    weights.put(name + ".weight", random(random, in, out));
    weights.put(name + ".bias", random(random, out));
  }

  private static Tensor random(SplittableRandom random, long... shape) {
    return Tensors.randn(random, 0.02, DType.F32, shape);
  }

  /** Returns the floating-point operations of a forward pass with all logits. */
  static double forwardFlops(int batch, int length) {
    double tokens = (double) batch * length;
    double block = 2.0 * (4.0 * D_MODEL * D_MODEL + 2.0 * D_MODEL * D_MLP);
    double attention = 4.0 * length * D_MODEL;
    return tokens * (LAYERS * (block + attention) + 2.0 * D_MODEL * D_VOCAB);
  }
}
