package dev.loupe.cli;

import dev.loupe.report.BarChart;
import dev.loupe.report.Block;
import dev.loupe.report.Heatmap;
import dev.loupe.report.KeyFigures;
import dev.loupe.report.LineChart;
import dev.loupe.report.Prose;
import dev.loupe.report.Section;
import dev.loupe.report.Table;
import dev.loupe.report.TerminalBarChart;
import dev.loupe.report.TerminalHeatmap;
import dev.loupe.report.TerminalLineChart;
import dev.loupe.report.TerminalTable;
import dev.loupe.report.TerminalTokenGrid;
import dev.loupe.report.TokenGrid;
import dev.loupe.report.study.StudyPage;
import java.util.stream.Collectors;

/** Shows in the terminal what a study found. */
final class StudyShow {
  private final LoupeCommand command;

  StudyShow(LoupeCommand command) {
    this.command = command;
  }

  /** Prints baselines, the few charts that matter most, and the conclusions. */
  void show(StudyPage page) {
    var out = command.out();
    page.findings().notes().forEach(command::note);
    out.println(figures(new KeyFigures(page.baselines())));
    out.println();
    page.highlights().stream()
        .map(this::rendered)
        .filter(text -> !text.isEmpty())
        .forEach(out::println);
    for (var sentence : page.conclusions()) {
      out.println(command.wrapped(Texts.harmless(sentence.replace("`", ""))));
    }
    out.println();
  }

  private String figures(KeyFigures figures) {
    return figures.figures().stream()
        .map(figure ->
            Texts.harmless(figure.name()) + " " + command.bold(Texts.harmless(figure.value())))
        .collect(Collectors.joining("   "));
  }

  private String rendered(Block block) {
    var terminal = command.terminal();
    return switch (block) {
      case Heatmap heatmap -> TerminalHeatmap.render(heatmap, terminal);
      case Table table -> TerminalTable.render(table, terminal);
      case BarChart chart -> TerminalBarChart.render(chart, terminal);
      case LineChart chart -> TerminalLineChart.render(chart, terminal);
      case TokenGrid grid -> TerminalTokenGrid.render(grid, terminal);
      case KeyFigures figures -> figures(figures) + System.lineSeparator();
      case Section section -> command.bold(Texts.harmless(section.title()));
      case Prose prose ->
          command.wrapped(Texts.harmless(prose.text().replace("`", ""))) + System.lineSeparator();
      default -> "";
    };
  }
}
