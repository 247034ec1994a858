package dev.loupe.model;

import dev.loupe.tensor.DType;
import dev.loupe.tensor.SafeTensors;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.Tensors;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Reads the tensors of a model by the names of its family, and remembers which: a tensor that
 * nobody read, and that is no buffer a loader makes for itself, is refused.
 */
final class TensorReader {
  // Causal masks and rotary frequencies, which older files carry along.
  private static final Pattern BUFFERS =
      Pattern.compile(
          ".*\\.(attn|attention|attn\\.attention|self_attn)\\.(bias|masked_bias)"
              + "|.*rotary_emb\\.(inv_freq|cos_cached|sin_cached)");

  private final SafeTensors file;
  private final DType dtype;
  private final String prefix;
  private final Set<String> read = new HashSet<>();

  /**
   * Creates a reader.
   *
   * @param dtype what floating-point tensors are widened or narrowed to
   * @param prefix what stands before every name in files of the whole model, and is missing in
   *     those of the bare one: {@code transformer.}
   */
  TensorReader(SafeTensors file, DType dtype, String prefix) {
    this.file = file;
    this.dtype = dtype;
    boolean whole = file.names().stream().anyMatch(n -> n.startsWith(prefix));
    this.prefix = whole ? prefix : "";
  }

  /** Reads a tensor below the prefix. */
  Tensor get(String name, long... shape) {
    return read(prefix + name, shape);
  }

  /**
   * Reads W_U, which stands beside the prefix; where it is tied it is the embedding again, and so
   * must be what the file holds under its name, if anything.
   */
  Tensor unembedding(String name, Tensor wE, ModelConfig config) {
    boolean stored = file.names().contains(name);
    var w = stored || !config.tiedEmbeddings() ? read(name, config.dVocab(), config.dModel()) : wE;
    if (config.tiedEmbeddings() && stored && w.sub(wE).abs().max(0).max(0).item() != 0) {
      throw new IllegalArgumentException(
          "tensor "
              + name
              + " differs from the embedding, though config.json ties the two: expected"
              + " \"tie_word_embeddings\": false, or equal tensors");
    }
    return (config.tiedEmbeddings() ? wE : w).transpose(0, 1);
  }

  /** Reads a bias, or returns zeros where the config says that there is none. */
  Tensor orZeros(boolean present, String name, long... shape) {
    return present ? get(name, shape) : zeros(shape);
  }

  Tensor zeros(long... shape) {
    return Tensors.zeros(dtype, shape);
  }

  void refuseLeftovers() {
    var unread = new TreeSet<>(file.names());
    unread.removeAll(read);
    unread.removeIf(name -> BUFFERS.matcher(name).matches());
    if (!unread.isEmpty()) {
      throw new IllegalArgumentException(
          "tensors that this family has no place for: "
              + String.join(", ", List.copyOf(unread).subList(0, Math.min(8, unread.size())))
              + (unread.size() > 8 ? ", ... (" + unread.size() + ")" : "")
              + "; they would change the computation");
    }
  }

  private Tensor read(String name, long... shape) {
    read.add(name);
    var tensor = file.get(name);
    if (!Arrays.equals(tensor.shape(), shape)) {
      throw new IllegalArgumentException(
          "tensor "
              + name
              + " has shape "
              + Arrays.toString(tensor.shape())
              + ": expected "
              + Arrays.toString(shape)
              + " by config.json");
    }
    if (!tensor.dtype().isFloating()) {
      throw new IllegalArgumentException(
          "tensor "
              + name
              + " holds "
              + tensor.dtype()
              + ": expected F32, F64, F16 or BF16; quantized weights are to be widened first");
    }
    return tensor.to(dtype);
  }
}
