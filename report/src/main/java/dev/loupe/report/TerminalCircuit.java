package dev.loupe.report;

import dev.loupe.report.CircuitGraph.Edge;
import dev.loupe.report.CircuitGraph.Node;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Print a circuit: a line a layer from the logits down, each node with its group's letter, what the
 * letters mean, and the edges that weigh most.
 */
public final class TerminalCircuit {
  private static final int EDGES_SHOWN = 12;
  private static final String GAP = "  ";

  private final CircuitGraph graph;
  private final Terminal terminal;
  private final Ansi ansi;
  private final List<String> groups;
  private final int labels;
  private final List<String> out = new ArrayList<>();

  private TerminalCircuit(CircuitGraph graph, Terminal terminal) {
    this.graph = graph;
    this.terminal = terminal;
    this.ansi = new Ansi(terminal);
    this.groups = graph.groups();
    this.labels =
        IntStream.rangeClosed(-1, graph.layers())
            .mapToObj(this::label)
            .mapToInt(String::length)
            .max()
            .orElse(0);
  }

  /**
   * Return the circuit as lines, the last one ended as well.
   *
   * @return text no line of which is wider than the terminal; without any escape sequence where the
   *     terminal has no colours
   */
  public static String render(CircuitGraph graph, Terminal terminal) {
    return new TerminalCircuit(graph, terminal).render();
  }

  private String render() {
    out.add(ansi.bold(cut(graph.title(), terminal.width())));
    for (int layer = graph.layers(); layer >= -1; layer--) {
      layer(layer);
    }
    if (!groups.isEmpty()) {
      out.add("");
      line("", IntStream.range(0, groups.size()).mapToObj(this::group).toList());
    }
    if (!graph.edges().isEmpty()) {
      edges();
    }
    return String.join("\n", out) + "\n";
  }

  private String label(int layer) {
    return layer < 0 || layer == graph.layers() ? "" : "L" + layer;
  }

  private void layer(int layer) {
    List<Node> nodes =
        graph.nodes().stream()
            .filter(node -> node.layer() == layer)
            .sorted(
                Comparator.comparing(Node::kind)
                    .thenComparingInt(node -> node.id().length())
                    .thenComparing(Node::id))
            .toList();
    if (!nodes.isEmpty()) {
      line(label(layer), nodes.stream().map(this::node).toList());
    }
  }

  /** Add words beside a label, on as many lines as they take. */
  private void line(String label, List<Word> words) {
    int room = terminal.width() - labels - GAP.length();
    StringBuilder line = new StringBuilder();
    String before = label;
    int used = 0;
    for (Word whole : words) {
      Word word = whole.width() > room ? plain(cut(whole.text(), room)) : whole;
      if (used > 0 && used + GAP.length() + word.width() > room) {
        out.add(ansi.dim(VisibleText.padRight(before, labels)) + GAP + line);
        line.setLength(0);
        used = 0;
        before = "";
      }
      line.append(used > 0 ? GAP : "").append(word.styled());
      used += (used > 0 ? GAP.length() : 0) + word.width();
    }
    out.add(ansi.dim(VisibleText.padRight(before, labels)) + GAP + line);
  }

  private record Word(String text, String styled) {
    int width() {
      return VisibleText.width(text);
    }
  }

  private static Word plain(String text) {
    return new Word(text, text);
  }

  private Word node(Node node) {
    int group = groups.indexOf(node.group());
    String id = VisibleText.of(node.id(), terminal.unicode());
    return group < 0 ? plain(id) : lettered(group, id);
  }

  private Word group(int group) {
    return lettered(group, VisibleText.of(groups.get(group), terminal.unicode()));
  }

  /** Return a text after a group's letter, which alone has the group's colour. */
  private Word lettered(int group, String text) {
    String letter = CircuitGraph.letter(group);
    return new Word(letter + ":" + text, ansi.in(Ramp.line(group), letter) + ":" + text);
  }

  private void edges() {
    int shown = Math.min(graph.edges().size(), EDGES_SHOWN);
    out.add("");
    String title =
        shown == graph.edges().size()
            ? "edges"
            : "the " + shown + " heaviest of " + graph.edges().size() + " edges";
    out.add(ansi.dim(cut(title, terminal.width())));
    List<Edge> heaviest =
        graph.edges().stream()
            .sorted(Comparator.comparingDouble((Edge edge) -> -Math.abs(edge.weight())))
            .limit(shown)
            .toList();
    List<String> names = heaviest.stream().map(edge -> edge.from() + " -> " + edge.to()).toList();
    List<String> weights = heaviest.stream().map(this::weight).toList();
    int number = weights.stream().mapToInt(String::length).max().orElse(0);
    int room = terminal.width() - number - 1;
    List<String> fitted = names.stream().map(name -> cut(name, room)).toList();
    int widest = fitted.stream().mapToInt(VisibleText::width).max().orElse(0);
    for (int i = 0; i < shown; i++) {
      var ink = Ramp.colour(Scale.DIVERGING, heaviest.get(i).weight() < 0 ? -.8 : .8, -1, 1);
      out.add(
          VisibleText.padRight(fitted.get(i), widest)
              + " "
              + ansi.in(ink, VisibleText.padLeft(weights.get(i), number)));
    }
  }

  private String weight(Edge edge) {
    return Numbers.fixed(edge.weight(), graph.decimals(), true);
  }

  private String cut(String text, int width) {
    return VisibleText.cut(VisibleText.of(text, terminal.unicode()), width, terminal.unicode());
  }
}
