package dev.loupe.cli;

import dev.loupe.model.HookedTransformer;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;

/**
 * The parameters of a model whose weights are as stored.
 *
 * @param parts how many each part has, in the order of the forward pass
 */
record ParameterCount(SequencedMap<String, Long> parts) {
  private static final List<String> PARTS =
      List.of("embedding", "positions", "attention", "MLP", "norms", "unembedding");

  /** Counts tied embeddings once, and no bias that is zero throughout: its family has none. */
  static ParameterCount of(HookedTransformer model) {
    var parts = new LinkedHashMap<String, Long>();
    PARTS.forEach(part -> parts.put(part, 0L));
    model
        .weights()
        .named()
        .forEach((name, tensor) -> {
          boolean tied = name.equals("unembed.W_U") && model.config().tiedEmbeddings();
          if (!tied && !isAbsentBias(name, tensor)) {
            parts.merge(part(name), tensor.numel(), Long::sum);
          }
        });
    return new ParameterCount(parts);
  }

  /** Returns all of them. */
  long total() {
    return parts.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Returns the total as people say it: {@code 124M}. */
  String rounded() {
    long total = total();
    if (total < 1_000) {
      return Long.toString(total);
    }
    var units = List.of("k", "M", "B", "T");
    double value = total;
    int unit = -1;
    while (value >= 999.5 && unit < units.size() - 1) {
      value /= 1000;
      unit++;
    }
    return String.format(Locale.ROOT, value < 9.95 ? "%.1f%s" : "%.0f%s", value, units.get(unit));
  }

  private static boolean isAbsentBias(String name, Tensor tensor) {
    if (!name.substring(name.lastIndexOf('.') + 1).startsWith("b_")) {
      return false;
    }
    try (var _ = TensorScope.open()) {
      return tensor.abs().sum().item() == 0;
    }
  }

  private static String part(String name) {
    if (name.startsWith("embed.")) {
      return "embedding";
    }
    if (name.startsWith("pos_embed.")) {
      return "positions";
    }
    if (name.startsWith("unembed.")) {
      return "unembedding";
    }
    return name.contains(".attn.") ? "attention" : name.contains(".mlp.") ? "MLP" : "norms";
  }
}
