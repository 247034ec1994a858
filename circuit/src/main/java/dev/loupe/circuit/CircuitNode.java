package dev.loupe.circuit;

import dev.loupe.lens.Head;
import dev.loupe.model.ModelConfig;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A part of a model that writes into the residual stream, named as the field's circuit files name
 * it. Nodes are ordered as these files list them: the input, then layer by layer the heads and
 * after them the MLP, in parallel blocks too.
 */
public sealed interface CircuitNode extends Comparable<CircuitNode> {
  /** The embedding, by which the input comes in. */
  record Input() implements CircuitNode {
    @Override
    public int layer() {
      return -1;
    }

    @Override
    public Input requireIn(ModelConfig config) {
      return this;
    }

    @Override
    public String toString() {
      return "input";
    }
  }

  /**
   * An attention head.
   *
   * @param head which
   */
  record OfHead(Head head) implements CircuitNode {
    @Override
    public int layer() {
      return head.layer();
    }

    @Override
    public OfHead requireIn(ModelConfig config) {
      if (head.layer() >= config.nLayers() || head.index() >= config.nHeads()) {
        throw new IllegalArgumentException(
            "node %s: this model has a0.h0 to a%d.h%d"
                .formatted(this, config.nLayers() - 1, config.nHeads() - 1));
      }
      return this;
    }

    @Override
    public String toString() {
      return "a" + head.layer() + ".h" + head.index();
    }
  }

  /**
   * An MLP.
   *
   * @param layer its block, from 0
   */
  record OfMlp(int layer) implements CircuitNode {
    /** Refuses a negative layer. */
    public OfMlp {
      if (layer < 0) {
        throw new IllegalArgumentException("MLP of layer " + layer + ": layers count from 0");
      }
    }

    @Override
    public OfMlp requireIn(ModelConfig config) {
      if (layer >= config.nLayers()) {
        throw new IllegalArgumentException(
            "node %s: this model has m0 to m%d".formatted(this, config.nLayers() - 1));
      }
      return this;
    }

    @Override
    public String toString() {
      return "m" + layer;
    }
  }

  /** Returns the node of the input. */
  static CircuitNode input() {
    return new Input();
  }

  /** Returns the node of a head. */
  static CircuitNode of(Head head) {
    return new OfHead(head);
  }

  /** Returns the node of an MLP. */
  static CircuitNode mlp(int layer) {
    return new OfMlp(layer);
  }

  /** Returns every node of a model, in order. */
  static List<CircuitNode> all(ModelConfig config) {
    return Stream.of(
            Stream.of(input()),
            Head.all(config).stream().map(CircuitNode::of),
            IntStream.range(0, config.nLayers()).mapToObj(CircuitNode::mlp))
        .flatMap(nodes -> nodes)
        .sorted()
        .toList();
  }

  /**
   * Reads {@code input}, {@code a9.h6} or {@code m3}: the reverse of {@code toString}.
   *
   * @throws IllegalArgumentException if the text is none of these
   */
  static CircuitNode parse(String text) {
    if (text.equals("input")) {
      return input();
    }
    var head = Patterns.HEAD.matcher(text);
    if (head.matches()) {
      return of(new Head(Integer.parseInt(head.group(1)), Integer.parseInt(head.group(2))));
    }
    var mlp = Patterns.MLP.matcher(text);
    if (mlp.matches()) {
      return mlp(Integer.parseInt(mlp.group(1)));
    }
    throw new IllegalArgumentException(
        "node \"" + text + "\": expected input, a head such as a9.h6, or an MLP such as m3");
  }

  /** Returns its block, -1 of the input. */
  int layer();

  /**
   * Checks that a model has this node.
   *
   * @throws IllegalArgumentException naming the node and what the model has
   */
  CircuitNode requireIn(ModelConfig config);

  @Override
  default int compareTo(CircuitNode other) {
    return Patterns.ORDER.compare(this, other);
  }

  /** What names look like and how nodes follow one another. */
  final class Patterns {
    private static final String NUMBER = "(0|[1-9]\\d{0,5})";
    private static final Pattern HEAD = Pattern.compile("a" + NUMBER + "\\.h" + NUMBER);
    private static final Pattern MLP = Pattern.compile("m" + NUMBER);
    private static final Comparator<CircuitNode> ORDER =
        Comparator.comparingInt(CircuitNode::layer).thenComparingInt(Patterns::within);

    private Patterns() {}

    private static int within(CircuitNode node) {
      return switch (node) {
        case Input _ -> 0;
        case OfHead(var head) -> head.index();
        case OfMlp _ -> Integer.MAX_VALUE;
      };
    }
  }
}
