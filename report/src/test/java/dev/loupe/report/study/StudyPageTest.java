package dev.loupe.report.study;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loupe.report.Axis;
import dev.loupe.report.BarChart;
import dev.loupe.report.Block;
import dev.loupe.report.Cell;
import dev.loupe.report.CircuitGraph;
import dev.loupe.report.Column;
import dev.loupe.report.Heatmap;
import dev.loupe.report.LineChart;
import dev.loupe.report.Prose;
import dev.loupe.report.Scale;
import dev.loupe.report.ScatterChart;
import dev.loupe.report.Section;
import dev.loupe.report.Table;
import dev.loupe.report.Terminal;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StudyPageTest {
  private static final BarChart BARS =
      new BarChart(
          "What each head adds",
          "logits",
          List.of(new BarChart.Bar("a9.h9", .31, .02), new BarChart.Bar("a10.h7", -.12, .03)));

  private static StudyPage page() {
    double[][] effects = new double[12][12];
    IntStream.range(0, 144).forEach(i -> effects[i / 12][i % 12] = Math.sin(i * i) / 3);
    var heatmap =
        Heatmap.of(
            "Recovery of each head's z at END",
            Axis.numbered("layer", "L", 12),
            Axis.numbered("head", "H", 12),
            effects,
            "recovery",
            Scale.DIVERGING);
    var table =
        Table.titled(
            "Heads by their effect",
            Column.text("head"),
            Column.signed("effect", 3),
            Column.label("role"));
    IntStream.range(0, 60)
        .forEach(i -> table.row(Cell.of("a1.h" + i), Cell.of(Math.cos(i)), Cell.of("mover")));
    var line =
        new LineChart(
            "Logit difference through the layers",
            Axis.numbered("layer", "L", 4),
            "logits",
            List.of(new LineChart.Line("clean", List.of(.1, .4, 1.1, 3.5), List.of())));
    var scatter =
        new ScatterChart(
            "Attention against effect",
            "attention from END to IO",
            "effect",
            IntStream.range(0, 30)
                .mapToObj(i ->
                    new ScatterChart.Point("a2.h" + i, i % 2 == 0 ? "odd" : "even", i, Math.sin(i)))
                .toList(),
            ScatterChart.Guide.NONE);
    List<Block> results =
        List.of(
            new Section("Which heads bring the answer back"),
            heatmap,
            new Prose(
                "A blue cell brings the answer back; read down a column for one head number."),
            BARS,
            new Prose("The bars are the strongest heads, with 95 % intervals."),
            new Section("Through the layers"),
            line,
            scatter,
            table.build());
    return new SampleStudy(results, List.of(circuit()), List.of(BARS, circuit()));
  }

  private static CircuitGraph circuit() {
    var nodes =
        List.of(
            new CircuitGraph.Node("input", -1, CircuitGraph.Kind.INPUT, "", ""),
            new CircuitGraph.Node("a9.h9", 9, CircuitGraph.Kind.HEAD, "name mover", ""),
            new CircuitGraph.Node("m10", 10, CircuitGraph.Kind.MLP, "", ""));
    return new CircuitGraph(
        "The circuit", 12, nodes, List.of(new CircuitGraph.Edge("a9.h9", "m10", .5, "")));
  }

  @Test
  void tellsTheStudyInItsOrder() {
    var html = page().page("./loupe run sample --model demo", Map.of("Loupe", "dev")).html();
    assertThat(html)
        .containsSubsequence(
            "Which heads carry the indirect object",
            "id=\"section-1\">What was asked",
            ">Data",
            ">Baselines",
            ">Which heads bring the answer back",
            ">The circuit",
            ">Conclusions",
            "<ul class=\"bullets\">",
            "<b>+0.15 ± 0.02</b>",
            ">Notes",
            "lengths were run apart",
            ">Provenance",
            "./loupe run sample --model demo");
  }

  @Test
  void aTerminalHasBaselinesHighlightsAndConclusions() {
    var text = TerminalStudy.render(page(), Terminal.plain());
    assertThat(text)
        .startsWith("How demo finds the indirect object\n\naccuracy   99.0 %  the indirect")
        .containsSubsequence(
            "a9.h9 ", "+0.31", "L10  m10", "a9.h9 -> m10 +0.50", "• The head a9.h9");
    assertThat(text.lines()).allMatch(line -> line.length() <= 80);
  }

  /** Write a study's page, for looking at, to the file named by the first argument. */
  public static void main(String[] args) throws IOException {
    page().page("./loupe run sample --model demo", Map.of("Loupe", "dev")).write(Path.of(args[0]));
    System.out.println(TerminalStudy.render(page(), Terminal.plain()));
  }
}
