package dev.loupe.circuit;

import com.fasterxml.jackson.annotation.JsonCreator;
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
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;

/**
 * A circuit that was published as heads by class, to hold others against.
 *
 * @param source where it is from
 * @param shape of the model whose heads they are
 * @param classes the classes, each head in one
 */
public record ReferenceCircuit(String source, Shape shape, List<HeadClass> classes) {
  /**
   * The shape of a model.
   *
   * @param family such as {@code gpt2}
   * @param layers blocks
   * @param heads of each block
   * @param dModel width of the residual stream
   * @param dVocab tokens that it knows
   */
  public record Shape(
      String family,
      int layers,
      int heads,
      @JsonProperty("d_model") int dModel,
      @JsonProperty("d_vocab") int dVocab) {}

  /**
   * Heads that do the same.
   *
   * @param name the class, such as {@code name mover}
   * @param at the position where they do it, such as {@code END}
   * @param heads in the order of the paper
   */
  public record HeadClass(String name, String at, List<Head> heads) {
    /** Copies the list. */
    public HeadClass {
      heads = List.copyOf(heads);
    }

    @JsonCreator
    static HeadClass read(
        @JsonProperty("name") String name,
        @JsonProperty("at") String at,
        @JsonProperty("heads") List<List<Integer>> heads) {
      return new HeadClass(
          name, at, heads.stream().map(head -> new Head(head.getFirst(), head.getLast())).toList());
    }
  }

  /** Copies the list; refuses a head that is there twice. */
  public ReferenceCircuit {
    classes = List.copyOf(classes);
    new Circuit(nodes(classes));
  }

  /**
   * Returns the 26 heads of seven classes that Wang et al. (2022, figure 2) found to carry the
   * indirect-object task in GPT-2 small.
   */
  public static ReferenceCircuit ioi() {
    try (InputStream in =
        Objects.requireNonNull(ReferenceCircuit.class.getResourceAsStream("wang-2022-ioi.json"))) {
      return JsonMapper.shared().readValue(in, ReferenceCircuit.class);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the reference circuit in Loupe's own jar", e);
    }
  }

  /** Returns its heads as a circuit. */
  public Circuit circuit() {
    return new Circuit(nodes(classes));
  }

  /** Returns the class of a head; empty of one outside. */
  public Optional<String> classOf(Head head) {
    return Optional.ofNullable(byHead().get(head));
  }

  /** Returns the class of each head, in the order of {@code classes}. */
  public Map<Head, String> byHead() {
    var marks = new LinkedHashMap<Head, String>();
    classes.forEach(each -> each.heads().forEach(head -> marks.put(head, each.name())));
    return marks;
  }

  /** Tells whether a model has the shape of the one that it was found in. */
  public boolean suits(ModelConfig config) {
    return config.family().equals(shape.family())
        && config.nLayers() == shape.layers()
        && config.nHeads() == shape.heads()
        && config.dModel() == shape.dModel()
        && config.dVocab() == shape.dVocab();
  }

  private static List<CircuitNode> nodes(List<HeadClass> classes) {
    return classes.stream().flatMap(each -> each.heads().stream()).map(CircuitNode::of).toList();
  }
}
