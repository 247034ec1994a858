package dev.loupe.study.ioi;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.loupe.lens.Head;
import dev.loupe.model.ModelConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import tools.jackson.databind.json.JsonMapper;

/**
 * The heads of the circuit that Wang et al. (2022) found in GPT-2 small, by class.
 *
 * @param source where they are from
 * @param shape of the model whose heads they are
 * @param classes the classes, each head in one
 */
record PaperHeads(String source, Shape shape, List<HeadClass> classes) {
  /** The shape of a model. */
  record Shape(
      String family,
      int layers,
      int heads,
      @JsonProperty("d_model") int dModel,
      @JsonProperty("d_vocab") int dVocab) {}

  /** Heads that do the same, as [layer, head], and the position where they do it. */
  record HeadClass(String name, String at, List<List<Integer>> heads) {}

  static PaperHeads read() {
    try (InputStream in =
        Objects.requireNonNull(PaperHeads.class.getResourceAsStream("wang-2022-heads.json"))) {
      return JsonMapper.shared().readValue(in, PaperHeads.class);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the paper's heads in Loupe's own jar", e);
    }
  }

  /** Returns the class of each head, in the order of the file. */
  Map<Head, String> byHead() {
    var marks = new LinkedHashMap<Head, String>();
    for (var each : classes) {
      each.heads().forEach(at -> marks.put(new Head(at.getFirst(), at.getLast()), each.name()));
    }
    return marks;
  }

  /** Tells whether a model has the shape of the one that they were found in. */
  boolean suits(ModelConfig config) {
    return config.family().equals(shape.family())
        && config.nLayers() == shape.layers()
        && config.nHeads() == shape.heads()
        && config.dModel() == shape.dModel()
        && config.dVocab() == shape.dVocab();
  }
}
