package dev.loupe.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loupe.lens.Answers;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.sweep.Axis;
import dev.loupe.lens.sweep.Grid;
import dev.loupe.lens.sweep.Sweep;
import dev.loupe.lens.sweep.SweepResult;
import dev.loupe.model.Provenance;
import dev.loupe.model.Token;
import dev.loupe.model.Tokens;
import dev.loupe.model.WeightProcessing;
import dev.loupe.study.PromptRow;
import dev.loupe.study.SweepFindings;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SweepPageTest {
  private static final String HOSTILE = "<script>alert(1)</script>";
  private static final Axis LAYERS = Axis.numbered("layer", 2);
  private static final Axis HEADS = Axis.numbered("head", 3);
  private static final Axis POSITIONS = Axis.numbered("position", 2);

  /** One prompt; the value of cell i is i / 10, clean is 1 and corrupted 0. */
  private static SweepFindings findings(
      SweepFindings.Kind kind, PatchDirection direction, int left, Axis... axes) {
    var tokens = Tokens.of(new long[] {1, 2});
    var pairs = PromptPairs.of(tokens, tokens, Answers.of(new long[] {5}, new long[] {7}));
    var grid = Grid.of(List.of(axes), at -> List.of());
    var values = new double[grid.size()][1];
    IntStream.range(0, values.length)
        .forEach(i -> values[i][0] = i < values.length - left ? i / 10.0 : Double.NaN);
    var row =
        new PromptRow(
            List.of(new Token("A", 1), new Token(" B", 2)),
            List.of(new Token("A", 1), new Token(HOSTILE, 3)),
            List.of(new Token(" C", 5)),
            List.of(new Token("", 7)),
            Map.of("S2", 1));
    return new SweepFindings(
        kind,
        new Provenance("m", "", "w2", "", WeightProcessing.none(), "F64"),
        "z somewhere",
        Map.of(),
        SweepResult.of(
            Sweep.of(grid, pairs, direction, StandardMetric.LOGIT_DIFFERENCE),
            new double[] {1},
            new double[] {0},
            values),
        List.of(row),
        List.of("a note"),
        1);
  }

  private static SweepPage patching(PatchDirection direction, Axis... axes) {
    return new SweepPage(findings(SweepFindings.Kind.PATCHING, direction, 0, axes));
  }

  private static String html(SweepPage page) {
    return page.page(3, "again", Map.of("fact", "four")).html();
  }

  @Test
  void theDirectionIsNamedAndItsSignFollows() {
    var denoising = patching(PatchDirection.DENOISING, LAYERS, HEADS);
    var chart = denoising.charts().getFirst();
    assertThat(chart.title()).isEqualTo("Denoising z somewhere, recovery of the logit difference");
    assertThat(chart.values().get(1, 2)).isEqualTo(0.5);
    assertThat(chart.rows().labels()).containsExactly("L0", "L1");
    var noising = patching(PatchDirection.NOISING, LAYERS, HEADS).charts().getFirst();
    assertThat(noising.title()).isEqualTo("Noising z somewhere, loss of the logit difference");
    assertThat(noising.values().get(1, 2)).isEqualTo(0.5);
    assertThat(noising.values().get(0, 0)).isEqualTo(1);
    assertThat(html(denoising))
        .contains("Denoising z somewhere", "again", "four", "w2", "a note", "answer ·C, not 7")
        .doesNotContain("revision", "tokenizer sha256");
  }

  @Test
  void threeAxesAreSmallMultiplesOfOneColourScaleAndAnOverview() {
    var html = html(patching(PatchDirection.DENOISING, LAYERS, POSITIONS, HEADS));
    assertThat(html)
        .contains("Strongest position: denoising z somewhere")
        .contains("at 0 A: denoising z somewhere", "at 1 B|&lt;script")
        .contains("4 (layer)".replace('4', '2'));
    var charts =
        new SweepCharts(
                findings(
                    SweepFindings.Kind.PATCHING,
                    PatchDirection.DENOISING,
                    0,
                    LAYERS,
                    POSITIONS,
                    HEADS))
            .charts("T", 16);
    assertThat(charts).hasSize(2);
    assertThat(charts.get(0).values().get(1, 2)).isEqualTo(0.8);
    assertThat(charts.get(1).values().get(0, 1)).isEqualTo(0.4);
    assertThat(charts).allMatch(chart -> chart.high() == 1.1 && chart.low() == -1.1);
  }

  @Test
  void hostileTokensAreEscaped() {
    assertThat(html(patching(PatchDirection.DENOISING, LAYERS, POSITIONS))).doesNotContain(HOSTILE);
  }

  @Test
  void theTableRanksByEffectAndNamesCells() {
    var top = patching(PatchDirection.DENOISING, LAYERS, POSITIONS, HEADS).top(2);
    assertThat(top.rows()).hasSize(2);
    assertThat(top.text(0, 0)).isEqualTo("L1H2 at 1 B|" + HOSTILE);
    assertThat(top.text(0, 1)).isEqualTo("+1.100");
    assertThat(top.text(1, 2)).isEqualTo("+1.000");
  }

  @Test
  void whatIsNotDoneHasNoValue() {
    var page =
        new SweepPage(
            findings(SweepFindings.Kind.PATCHING, PatchDirection.DENOISING, 2, LAYERS, HEADS));
    assertThat(page.remarks())
        .singleElement()
        .asString()
        .startsWith("This sweep was interrupted: 4 of 6 cells are done, 0 have a value of some")
        .endsWith("prompts, 2 have none.");
    assertThat(page.charts().getFirst().values().get(1, 2)).isNaN();
    assertThat(page.top(9).rows()).hasSize(4);
    var nothing =
        new SweepPage(
            findings(SweepFindings.Kind.PATCHING, PatchDirection.DENOISING, 6, LAYERS, HEADS));
    assertThat(nothing.charts()).isEmpty();
    assertThat(html(nothing)).contains("No cell has a value.");
  }

  @Test
  void componentsAreToldInTheirOrder() {
    var axis = new Axis("component", List.of("all 2", "L0H1", "MLP3"));
    var ablation =
        new SweepPage(findings(SweepFindings.Kind.ABLATION, PatchDirection.NOISING, 0, axis));
    assertThat(ablation.charts()).isEmpty();
    var table = ablation.top(1);
    assertThat(table.rows()).hasSize(3);
    assertThat(table.text(0, 0)).isEqualTo("all 2");
    assertThat(table.text(1, 1)).isEqualTo("-0.900");
    assertThat(table.text(1, 2)).isEqualTo("+0.100");
    assertThat(html(ablation)).contains("Ablation of z somewhere", "all 2, logit difference");
    var rest =
        new SweepPage(
            findings(SweepFindings.Kind.ABLATION_OF_THE_REST, PatchDirection.NOISING, 0, axis));
    assertThat(rest.top(1).text(1, 1)).isEqualTo("+0.100");
    assertThat(html(rest)).contains("Ablation of all but z somewhere");
  }

  @Test
  void theTableHasTheIntervalOfWhatItRanksBy() {
    var tokens = Tokens.of(new long[] {1, 2}, new long[] {1, 2});
    var pairs = PromptPairs.of(tokens, tokens, Answers.of(new long[] {5, 5}, new long[] {7, 7}));
    var single = findings(SweepFindings.Kind.PATCHING, PatchDirection.NOISING, 0, LAYERS);
    var sweep =
        Sweep.of(
            Grid.of(List.of(LAYERS), at -> List.of()),
            pairs,
            PatchDirection.NOISING,
            StandardMetric.LOGIT_DIFFERENCE);
    double[][] values = {{3, 7}, {2, 6}};
    var row = single.prompts().getFirst();
    var result = SweepResult.of(sweep, new double[] {4, 8}, new double[] {0, 4}, values);
    for (var kind : SweepFindings.Kind.values()) {
      var page =
          new SweepPage(
              new SweepFindings(
                  kind, single.model(), "z", Map.of(), result, List.of(row, row), List.of(), 1));
      var top = page.top(2);
      var names = top.columns().stream().map(Column::name).toList();
      assertThat(names).containsOnlyOnce("low", "high");
      assertThat(page.narrowTop(2).columns()).hasSize(names.size() - 2);
      // Every prompt loses 2, and 2 of the gap of 4; what is left is 2 and 6.
      int low = names.indexOf("low");
      var bounds = top.text(0, low) + " " + top.text(0, low + 1);
      assertThat(bounds)
          .isEqualTo(
              switch (kind) {
                case PATCHING, PATH_PATCHING -> "+0.500 +0.500";
                case ABLATION -> "-2.000 -2.000";
                case ABLATION_OF_THE_REST -> "+2.000 +6.000";
              });
    }
    assertThat(new SweepPage(single).top(2).columns())
        .extracting(Column::name)
        .doesNotContain("low");
  }

  @Test
  void gridsLargerThanAChartAreToldByTheirStrongestCells() {
    var html = html(patching(PatchDirection.DENOISING, LAYERS, Axis.numbered("neuron", 500)));
    assertThat(html).contains("larger than a chart can show", "L1N499").doesNotContain("L0N17<");
  }
}
