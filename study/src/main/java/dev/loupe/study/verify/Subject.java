package dev.loupe.study.verify;

import dev.loupe.lens.Estimate;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Positions;
import dev.loupe.model.WeightProcessing;
import dev.loupe.tensor.TensorScope;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The model that figures are computed of. Its parameters are counted as stored; all else is of
 * weights processed as TransformerLens does by default, which is how the published ones were made.
 */
public final class Subject implements AutoCloseable {
  private final HookedTransformer model;
  private final Map<String, Estimate> shape;

  private Subject(HookedTransformer model, Map<String, Estimate> shape) {
    this.model = model;
    this.shape = shape;
  }

  /**
   * Takes over a model.
   *
   * @param stored with its weights as stored; it is closed
   * @throws IllegalArgumentException if they have been processed
   */
  public static Subject of(HookedTransformer stored) {
    try (stored) {
      if (!stored.provenance().processing().equals(WeightProcessing.none())) {
        throw new IllegalArgumentException(
            stored.name() + " has processed weights: parameters are counted in those as stored");
      }
      return new Subject(stored.process(WeightProcessing.standard()), shape(stored));
    }
  }

  /** Returns the model with processed weights. */
  public HookedTransformer model() {
    return model;
  }

  /** Returns its shape by the labels of {@link Computation.Shape}. */
  Map<String, Estimate> shape() {
    return shape;
  }

  @Override
  public void close() {
    model.close();
  }

  private static Map<String, Estimate> shape(HookedTransformer stored) {
    var config = stored.config();
    long all = 0;
    long embeddings = 0;
    for (var parameter : stored.weights().named().entrySet()) {
      var name = parameter.getKey();
      long size = parameter.getValue().numel();
      boolean tied = name.equals("unembed.W_U") && config.tiedEmbeddings();
      if (tied || isAbsentBias(name, stored)) {
        continue;
      }
      all += size;
      embeddings += name.matches("(pos_)?embed\\..*|unembed\\..*") ? size : 0;
    }
    var shape = new LinkedHashMap<String, Estimate>();
    put(shape, "layers", config.nLayers());
    put(shape, "heads", config.nHeads());
    put(shape, "d_model", config.dModel());
    put(shape, "d_head", config.dHead());
    put(shape, "d_mlp", config.dMlp());
    put(shape, "vocabulary", config.dVocab());
    put(shape, "context", config.nCtx());
    put(shape, "parameters", (double) all);
    put(shape, "non-embedding parameters", (double) (all - embeddings));
    put(shape, "tied embeddings", config.tiedEmbeddings() ? 1 : 0);
    put(shape, "parallel blocks", config.parallelBlocks() ? 1 : 0);
    put(
        shape,
        "rotary share of d_head",
        switch (config.positions()) {
          case Positions.Learned _ -> 0;
          case Positions.Rotary rotary -> (double) rotary.dims() / config.dHead();
        });
    return Collections.unmodifiableMap(shape);
  }

  private static void put(Map<String, Estimate> shape, String name, double value) {
    shape.put(name, Estimate.of(value));
  }

  /** Weights have zeros where a family has no bias. */
  private static boolean isAbsentBias(String name, HookedTransformer stored) {
    if (!name.substring(name.lastIndexOf('.') + 1).startsWith("b_")) {
      return false;
    }
    try (var _ = TensorScope.open()) {
      var bias = stored.weights().named().get(name);
      return bias != null && bias.abs().sum().item() == 0;
    }
  }
}
