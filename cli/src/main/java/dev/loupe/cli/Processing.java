package dev.loupe.cli;

import dev.loupe.model.WeightProcessing;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** Names the steps of weight processing as the field does. */
final class Processing {
  private Processing() {}

  /** Returns the steps, comma-separated, or {@code none}. */
  static String names(WeightProcessing processing) {
    var steps = new LinkedHashMap<String, Boolean>();
    steps.put("fold_ln", processing.foldLn());
    steps.put("center_writing_weights", processing.centerWritingWeights());
    steps.put("center_unembed", processing.centerUnembed());
    steps.put("fold_value_biases", processing.foldValueBiases());
    steps.put("refactor_factored_attn_matrices", processing.refactorFactoredAttnMatrices());
    var names =
        steps.entrySet().stream()
            .filter(Map.Entry::getValue)
            .map(Map.Entry::getKey)
            .collect(Collectors.joining(", "));
    return names.isEmpty() ? "none" : names;
  }
}
