package dev.loupe.report;

import java.util.List;
import java.util.stream.Collectors;

/** Prints blocks of a page in a terminal, those that it can show. */
public final class TerminalBlocks {
  private TerminalBlocks() {}

  /**
   * Return a block as lines, the last one ended as well.
   *
   * @return text no line of which is wider than the terminal, nor text wider than 100 columns
   * @throws IllegalArgumentException for blocks that only a page shows
   */
  public static String render(Block block, Terminal terminal) {
    return switch (block) {
      case Section section ->
          new Ansi(terminal).bold(wrapped("", section.title(), terminal).stripTrailing()) + "\n";
      case Prose prose -> wrapped("", plain(prose.text()), terminal);
      case Bullets bullets ->
          bullets.sentences().stream()
              .map(text -> wrapped(terminal.unicode() ? "• " : "* ", plain(text), terminal))
              .collect(Collectors.joining());
      case KeyFigures figures -> figures(figures, terminal);
      case Table table -> TerminalTable.render(table, terminal);
      case Heatmap heatmap -> TerminalHeatmap.render(heatmap, terminal);
      case BarChart chart -> TerminalBarChart.render(chart, terminal);
      case LineChart chart -> TerminalLineChart.render(chart, terminal);
      case TokenGrid grid -> TerminalTokenGrid.render(grid, terminal);
      case CircuitGraph graph -> TerminalCircuit.render(graph, terminal);
      case Command command -> command.text().strip() + "\n";
      case ScatterChart _, AttentionView _, Prompts _, Provenance _ ->
          throw new IllegalArgumentException(
              "a terminal shows no " + block.getClass().getSimpleName());
    };
  }

  private static String plain(String text) {
    return text.replace("`", "");
  }

  private static String wrapped(String first, String text, Terminal terminal) {
    int width = Math.min(100, terminal.width()) - first.length();
    List<String> lines = Wrapped.lines(text, width, terminal.unicode());
    return first + String.join("\n" + " ".repeat(first.length()), lines) + "\n";
  }

  /** Print each figure's name, value and explanation in columns, or without explanations. */
  private static String figures(KeyFigures block, Terminal terminal) {
    boolean unicode = terminal.unicode();
    List<KeyFigures.Figure> figures = block.figures();
    List<String> names =
        figures.stream()
            .map(f ->
                VisibleText.cut(VisibleText.of(f.name(), unicode), terminal.width() / 2, unicode))
            .toList();
    int name = names.stream().mapToInt(VisibleText::width).max().orElse(0);
    List<String> values =
        figures.stream()
            .map(f ->
                VisibleText.cut(
                    VisibleText.of(f.value(), unicode), terminal.width() - name - 2, unicode))
            .toList();
    int value = values.stream().mapToInt(VisibleText::width).max().orElse(0);
    int room = terminal.width() - name - value - 4;
    Ansi ansi = new Ansi(terminal);
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < figures.size(); i++) {
      String text = VisibleText.of(plain(figures.get(i).explanation()), unicode);
      boolean told = !text.isBlank() && room >= 20;
      String number = VisibleText.padLeft(values.get(i), value);
      out.append(VisibleText.padRight(names.get(i), name)).append("  ").append(ansi.bold(number));
      out.append(told ? "  " + ansi.dim(VisibleText.cut(text, room, unicode)) : "").append("\n");
    }
    return out.toString();
  }
}
