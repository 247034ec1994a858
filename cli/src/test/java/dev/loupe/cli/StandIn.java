package dev.loupe.cli;

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

/**
 * A GPT-2 of any shape with random weights, to stand in for the real one.
 *
 * @param layers how many blocks
 * @param heads a block
 * @param dModel a multiple of heads
 * @param vocabulary how many tokens
 * @param context how many positions
 */
record StandIn(int layers, int heads, int dModel, int vocabulary, int context) {
  /** Writes config.json and the weights into a folder that has a tokenizer already. */
  void write(Path folder, int bos) {
    try (var _ = TensorScope.open()) {
      Files.writeString(
          folder.resolve("config.json"),
          """
          {"model_type": "gpt2", "n_layer": %d, "n_head": %d, "n_embd": %d,
           "n_positions": %d, "vocab_size": %d, "activation_function": "gelu_new",
           "bos_token_id": %d, "eos_token_id": %d}
          """
              .formatted(layers, heads, dModel, context, vocabulary, bos, bos));
      SafeTensorsWriter.write(folder.resolve("model.safetensors"), weights(), Map.of());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns how many parameters it has. */
  long parameters() {
    long block = 12L * dModel * dModel + 13L * dModel;
    return layers * block + 2L * dModel + (long) (vocabulary + context) * dModel;
  }

  private Map<String, Tensor> weights() {
    var random = new SplittableRandom(5);
    var weights = new LinkedHashMap<String, Tensor>();
    weights.put("wte.weight", Tensors.randn(random, 0.5, DType.F32, vocabulary, dModel));
    weights.put("wpe.weight", Tensors.randn(random, 0.5, DType.F32, context, dModel));
    for (int layer = 0; layer < layers; layer++) {
      var block = "h." + layer + ".";
      linear(weights, random, block + "attn.c_attn", dModel, 3 * dModel);
      linear(weights, random, block + "attn.c_proj", dModel, dModel);
      linear(weights, random, block + "mlp.c_fc", dModel, 4 * dModel);
      linear(weights, random, block + "mlp.c_proj", 4 * dModel, dModel);
      norm(weights, random, block + "ln_1");
      norm(weights, random, block + "ln_2");
    }
    norm(weights, random, "ln_f");
    return weights;
  }

  private static void linear(
      Map<String, Tensor> weights, SplittableRandom random, String name, int in, int out) {
    double scale = 1.2 / Math.sqrt(in);
    weights.put(name + ".weight", Tensors.randn(random, scale, DType.F32, in, out));
    weights.put(name + ".bias", Tensors.randn(random, 0.1, DType.F32, out));
  }

  private void norm(Map<String, Tensor> weights, SplittableRandom random, String name) {
    weights.put(name + ".weight", Tensors.randn(random, 0.1, DType.F32, dModel).add(1));
    weights.put(name + ".bias", Tensors.randn(random, 0.1, DType.F32, dModel));
  }
}
