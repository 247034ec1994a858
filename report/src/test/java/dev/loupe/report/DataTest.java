package dev.loupe.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.loupe.report.AttentionView.HeadPattern;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DataTest {
  private static final Axis TWO = Axis.numbered("layer", "L", 2);

  private static Heatmap heatmap(double[][] values, Scale scale) {
    return Heatmap.of("t", TWO, TWO, values, "u", scale);
  }

  @Test
  void refusesLabelsThatDoNotFitTheValues() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> heatmap(new double[3][2], Scale.DIVERGING))
        .withMessage(
            "heatmap 't': 3 rows of values but 2 labels on axis 'layer', expected one label each");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> heatmap(new double[2][1], Scale.DIVERGING))
        .withMessageContaining("1 columns of values but 2 labels");
  }

  @Test
  void refusesValuesThatAreNoRectangleOfNumbers() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Matrix.of(new double[][] {{1, 2}, {3}}))
        .withMessage("row 1 has 1 values, expected 2 as in row 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Matrix.of(new double[][] {{1, Double.NEGATIVE_INFINITY}}))
        .withMessageContaining("row 0, column 1 is -Infinity");
    assertThatIllegalArgumentException().isThrownBy(() -> Matrix.of(new double[0][0]));
  }

  @Test
  void keepsItsOwnCopyOfTheValues() {
    double[][] values = {{1, 2}, {3, 4}};
    Heatmap heatmap = heatmap(values, Scale.DIVERGING);
    values[0][0] = 99;
    assertThat(heatmap.values().get(0, 0)).isEqualTo(1);
    assertThat(heatmap)
        .isEqualTo(heatmap(new double[][] {{1, 2}, {3, 4}}, Scale.DIVERGING))
        .isNotEqualTo(heatmap(values, Scale.DIVERGING));
  }

  @Test
  void scalesSpanTheValues() {
    Matrix mixed = Matrix.of(new double[][] {{-3, Double.NaN, 1}});
    assertThat(Scale.DIVERGING.low(mixed)).isEqualTo(-3);
    assertThat(Scale.DIVERGING.high(mixed)).isEqualTo(3);
    assertThat(Scale.SEQUENTIAL.low(mixed)).isEqualTo(-3);
    assertThat(Scale.SEQUENTIAL.high(mixed)).isEqualTo(1);
  }

  @Test
  void scalesOfNothingStillHaveWidth() {
    for (double only : new double[] {0, Double.NaN}) {
      Matrix matrix = Matrix.of(new double[][] {{only}});
      for (Scale scale : Scale.values()) {
        assertThat(scale.high(matrix)).isGreaterThan(scale.low(matrix));
      }
    }
  }

  @Test
  void refusesAttentionOfAnotherSizeThanThePrompt() {
    TokenLine prompt = TokenLine.of("p", List.of("a", "b"));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new AttentionView("t", prompt, List.of(HeadPattern.of("L0H0", new double[3][3]))))
        .withMessage("attention of L0H0 is [3, 3], expected [2, 2] for 2 tokens");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HeadPattern.of("L0H0", new double[][] {{-0.5}}))
        .withMessageContaining("-0.5");
  }

  @Test
  void refusesRolesOutsideThePrompt() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TokenLine("p", List.of("a", "b"), Map.of(2, "END"), ""))
        .withMessage("prompt 'p' has role END at position 2, expected 0 to 1");
  }

  @Test
  void refusesRowsThatDoNotFitTheirColumns() {
    Table.Builder table = Table.titled("t", Column.text("head"), Column.signed("effect", 2));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> table.row(Cell.of("L0H0")).build())
        .withMessageContaining("row 0 has 1 cells, expected 2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Table.titled("t", Column.number("n", 1)).row(Cell.of("many")).build())
        .withMessageContaining("expected a number");
  }

  @Test
  void formatsNumbersWithoutNegativeZero() {
    assertThat(Numbers.fixed(-0.001, 2, true)).isEqualTo("0.00");
    assertThat(Numbers.fixed(0.2635, 2, true)).isEqualTo("+0.26");
    assertThat(Numbers.fixed(-1234.5678, 3, false)).isEqualTo("-1234.568");
    assertThat(Numbers.decimals(0.58)).isEqualTo(2);
    assertThat(Numbers.decimals(0.004)).isEqualTo(4);
    assertThat(Numbers.decimals(5000)).isZero();
  }
}
