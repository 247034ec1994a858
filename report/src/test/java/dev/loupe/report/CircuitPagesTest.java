package dev.loupe.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.circuit.graph.EdgeScores;
import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.graph.Roc;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CircuitPagesTest {
  private static final GraphShape SMALL = SampleGraphs.SMALL;

  @Test
  void noPageLetsTextOfOthersIn() {
    SampleGraphs.reports()
        .forEach((name, report) ->
            assertThat(report.html())
                .as(name)
                .contains("again", "dev")
                .doesNotContain("<script>alert", ">NaN", "`NaN", " NaN."));
  }

  @Test
  void everyNumberOfAnEvaluationStandsWithWhatItDependsOn() {
    var page = new EvaluationPage(SampleGraphs.evaluated());
    var basis = "edge level, counterfactual, all positions; n = 2";
    assertThat(page.figures().figures())
        .extracting(KeyFigures.Figure::name)
        .containsExactly("faithfulness", "completeness", "random circuits", "CPR", "CMD");
    assertThat(page.figures().figures()).allMatch(figure -> figure.explanation().endsWith(basis));
    assertThat(page.bars().orElseThrow().unit()).contains(basis);
    assertThat(page.curve().orElseThrow().unit()).contains(basis);
    assertThat(page.minimality().orElseThrow().unit()).contains(basis);
    var numbers = page.numbers().orElseThrow();
    assertThat(numbers.columns())
        .extracting(Column::name)
        .contains("level", "ablation", "positions", "n");
    assertThat(numbers.rows()).hasSize(4);
    assertThat(numbers.text(1, 2)).isEqualTo("0.870");
    assertThat(numbers.text(2, 2)).isEqualTo("0.120");
    assertThat(numbers.text(0, 3)).isEqualTo("-");
  }

  @Test
  void randomCircuitsAreAnInterval() {
    var found = SampleGraphs.evaluated();
    var interval = found.result().orElseThrow().random().orElseThrow().interval();
    var bar = new EvaluationPage(found).bars().orElseThrow().bars().getLast();
    assertThat(bar.value() - bar.error()).isCloseTo(interval.low(), within(1e-12));
    assertThat(bar.value() + bar.error()).isCloseTo(interval.high(), within(1e-12));
  }

  @Test
  void theCurveHasAPlaceForEachSize() {
    var curve = new EvaluationPage(SampleGraphs.evaluated()).curve().orElseThrow();
    assertThat(curve.places().labels()).startsWith("0.1 %", "0.2 %").endsWith("50 %", "100 %");
    assertThat(curve.lines()).hasSize(2);
  }

  @Test
  void onlyTheNeededPartsAreShownOfMany() {
    var page = new EvaluationPage(SampleGraphs.evaluated());
    assertThat(page.minimality().orElseThrow().bars()).hasSize(30);
    assertThat(page.page("again", Map.of()).html())
        .contains("The 30 most needed are shown", "of 40 parts lose no more than");
  }

  @Test
  void theStrongestEdgesOfManyAreDrawnAndThatIsSaid() {
    var page = new CircuitPage(SampleGraphs.found(SampleGraphs.GPT2, 900));
    assertThat(page.graph().edges()).hasSize(CircuitDrawing.MOST);
    assertThat(page.page("again", Map.of()).html()).contains("Only the strongest are");
    var few = new CircuitPage(SampleGraphs.found(SMALL, 12));
    assertThat(few.page("again", Map.of()).html())
        .contains("edges are drawn")
        .doesNotContain("Only the strongest are");
  }

  @Test
  void inputsOfOneHeadAreOneLineAsWideAsTheStrongest() {
    var values = new double[SMALL.edges()];
    int target = 6; // after the six inputs of layer 0's heads, its MLP
    int first = SMALL.edge(0, 0);
    values[first] = .25;
    values[first + 1] = -2;
    values[SMALL.edge(0, target)] = 1;
    var edges = EdgeSet.of(SMALL, IntStream.of(first, first + 1, SMALL.edge(0, target)));
    var graph =
        new CircuitDrawing(edges, Optional.of(EdgeScores.of(SMALL, values)))
            .graph("t", edges.nodes().nodes(), _ -> "", _ -> "");
    assertThat(graph.edges())
        .containsExactly(
            new CircuitGraph.Edge("input", "a0.h0", -2, "a0.h0<k> -2.000, a0.h0<q> +0.250"),
            new CircuitGraph.Edge("input", "m0", 1, "m0 +1.000"));
    assertThat(graph.nodes())
        .extracting(CircuitGraph.Node::id)
        .containsExactly("input", "a0.h0", "m0", "logits");
  }

  @Test
  void scoresAloneHaveNoCircuitAndNodesNoEdges() {
    var edges = new CircuitPage(SampleGraphs.scored(SampleGraphs.GPT2, true));
    assertThat(edges.figures()).isEmpty();
    assertThat(edges.page("again", Map.of()).html())
        .contains("neither a metric nor corrupted values")
        .doesNotContain("in the place of a clean value");
    assertThat(edges.strongestEdges(7).orElseThrow().rows()).hasSize(7);
    var nodes = new CircuitPage(SampleGraphs.scored(SMALL, false));
    assertThat(nodes.strongestEdges(7)).isEmpty();
    assertThat(nodes.highlights()).hasSize(2);
    assertThat(nodes.page("again", Map.of()).html())
        .contains("How much the nodes of")
        .doesNotContain("data-chart=\"circuit\"");
  }

  @Test
  void headsAndMlpsOfALayerShareARow() {
    var found = SampleGraphs.found(SMALL, 12);
    var map = new CircuitPage(found).heatmap();
    assertThat(map.columns().labels()).containsExactly("H0", "H1", "MLP");
    var nodes = found.scores().nodes();
    assertThat(map.values().get(1, 2)).isEqualTo(nodes.score(6));
    assertThat(map.values().get(1, 0)).isEqualTo(nodes.score(4));
  }

  @Test
  void theRocCurveIsReadOffItsStraightLines() {
    var roc = Roc.of(new double[] {4, 3, 2, 1}, at -> at == 0 || at == 3);
    assertThat(List.of(0., .25, .5, .75, 1.))
        .map(at -> ComparisonCharts.at(roc, at))
        .containsExactly(.5, .5, .5, .5, 1.);
    var tied = Roc.of(DoubleStream.of(1, 1).toArray(), at -> at == 0);
    assertThat(ComparisonCharts.at(tied, .5)).isEqualTo(.5);
  }

  @Test
  void comparisonsTellWhatIsWhere() {
    var found = SampleGraphs.compared();
    var page = new CircuitComparisonPage(found);
    var overlap = page.overlap();
    assertThat(overlap.rows()).hasSize(2);
    assertThat(overlap.text(1, 1))
        .isEqualTo(Integer.toString(found.edges().orElseThrow().both().size()));
    assertThat(page.scatters()).hasSize(2);
    assertThat(page.scatters().getLast().points()).hasSize(1000);
    assertThat(page.roc().orElseThrow().lines()).hasSize(3);
    assertThat(page.classes()).isEmpty();
    assertThat(page.highlights()).hasSize(2);
  }

  @Test
  void publishedCircuitsAreToldByClass() {
    var page = new CircuitComparisonPage(SampleGraphs.comparedWithWang());
    var classes = page.classes().orElseThrow();
    assertThat(classes.rows()).hasSize(7);
    assertThat(classes.text(0, 0)).isEqualTo("name mover");
    assertThat(classes.text(0, 2)).isEqualTo("3");
    assertThat(page.overlap().rows()).hasSize(1);
    assertThat(page.scatters()).isEmpty();
    assertThat(page.page("again", Map.of()).html())
        .contains("Wang et al. (2022)", "only heads are compared");
  }

  @Test
  void filesOfNodesAreDrawnWithoutLines() {
    var page = new CircuitFilePage(SampleGraphs.wang());
    assertThat(page.graph().edges()).isEmpty();
    assertThat(page.graph().nodes()).hasSize(27);
    assertThat(page.strongestEdges(3)).isEmpty();
    var graph = SampleGraphs.found(SMALL, 12).graph().orElseThrow();
    var scored = new CircuitFilePage(SampleGraphs.file("x/c.json", graph));
    assertThat(scored.graph().edges()).isNotEmpty();
    var many = SampleGraphs.found(SampleGraphs.GPT2, 900).graph().orElseThrow();
    var page900 = new CircuitFilePage(SampleGraphs.file("many.json", many));
    assertThat(page900.graph().edges()).hasSize(CircuitDrawing.MOST);
    assertThat(page900.dot().lines().filter(line -> line.contains(" -> ")).count())
        .isGreaterThan(CircuitDrawing.MOST);
    assertThat(scored.page("again", Map.of()).html()).contains("Circuit c.json");
  }
}
