package dev.loupe.circuit.graph;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.lens.Head;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** What reads the residual stream, named as the field's circuit files name it. */
public sealed interface EdgeTarget {
  /** Which input of a head. */
  enum Input {
    Q,
    K,
    V;

    /** All of them, in the order of the field's files. */
    public static final List<Input> ALL = List.of(values());

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * An input of a head: {@code a9.h6<q>}. Heads that share keys and values have an input each.
   *
   * @param head which
   * @param input which of its inputs
   */
  record OfHead(Head head, Input input) implements EdgeTarget {
    @Override
    public String toString() {
      return CircuitNode.of(head) + "<" + input + ">";
    }
  }

  /**
   * An MLP: {@code m3}.
   *
   * @param layer its block, from 0
   */
  record OfMlp(int layer) implements EdgeTarget {
    @Override
    public String toString() {
      return CircuitNode.mlp(layer).toString();
    }
  }

  /** The final norm and the unembedding: {@code logits}. */
  record Logits() implements EdgeTarget {
    @Override
    public String toString() {
      return "logits";
    }
  }

  /**
   * Reads {@code a9.h6<q>}, {@code m3} or {@code logits}: the reverse of {@code toString}.
   *
   * @throws IllegalArgumentException if the text is none of these
   */
  static EdgeTarget parse(String text) {
    if (text.equals("logits")) {
      return new Logits();
    }
    var head = Names.HEAD_INPUT.matcher(text);
    if (head.matches() && CircuitNode.parse(head.group(1)) instanceof CircuitNode.OfHead node) {
      return new OfHead(node.head(), Input.valueOf(head.group(2).toUpperCase(Locale.ROOT)));
    }
    if (text.startsWith("m") && CircuitNode.parse(text) instanceof CircuitNode.OfMlp mlp) {
      return new OfMlp(mlp.layer());
    }
    throw new IllegalArgumentException(
        "target \"" + text + "\": expected a form such as a9.h6<q>, m3 or logits");
  }

  /** Patterns of names. */
  final class Names {
    private static final Pattern HEAD_INPUT = Pattern.compile("(a\\d{1,6}\\.h\\d{1,6})<([qkv])>");

    private Names() {}
  }
}
