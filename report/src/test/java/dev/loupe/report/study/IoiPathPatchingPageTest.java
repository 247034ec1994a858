package dev.loupe.report.study;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.model.Provenance;
import dev.loupe.model.Token;
import dev.loupe.model.WeightProcessing;
import dev.loupe.report.ScatterChart;
import dev.loupe.report.ScatterChart.Point;
import dev.loupe.study.HeadValues;
import dev.loupe.study.PromptRow;
import dev.loupe.study.ioi.IoiPathPatching;
import dev.loupe.study.ioi.IoiPathPatchingFindings;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class IoiPathPatchingPageTest {
  private static final String HOSTILE = "<script>alert(1)</script>";

  private static HeadValues values(double a, double b, double c, double d) {
    return new HeadValues(List.of(List.of(of(a), of(b)), List.of(of(c), of(d))));
  }

  private static Estimate of(double mean) {
    return new Estimate(mean, .1, 4);
  }

  private static IoiPathPatchingPage page(double clean, Map<Head, String> paper) {
    var tokens = List.of(new Token("Zoe", 1), new Token(HOSTILE, 2));
    var row =
        new PromptRow(tokens, tokens.reversed(), tokens.subList(0, 1), List.of(), Map.of("IO", 0));
    return new IoiPathPatchingPage(
        new IoiPathPatchingFindings(
            IoiPathPatching.standard(),
            new Provenance("model" + HOSTILE, "r", "w", "t", WeightProcessing.standard(), "F64"),
            "abc",
            List.of(row),
            List.of(HOSTILE),
            .75,
            of(clean),
            of(0),
            values(.5, -.25, 1.25, 0),
            values(0, .1, -2, .5),
            paper));
  }

  private static List<Point> points(StudyPage page) {
    return page.results().stream()
        .filter(ScatterChart.class::isInstance)
        .map(ScatterChart.class::cast)
        .findFirst()
        .orElseThrow()
        .points();
  }

  @Test
  void headsOfThePaperAreMarked() {
    var page = page(2.5, Map.of(new Head(1, 0), "name mover"));
    assertThat(points(page))
        .contains(new Point("L1H0", "name mover", 1.25, -2))
        .contains(new Point("L0H1", "not in the paper", -.25, .1));
    assertThat(page.page("again", Map.of()).html())
        .contains("All heads of the circuit of Wang et al.", "in the paper", "name mover")
        .doesNotContain("have no marks", HOSTILE);
    assertThat(page.conclusions().getLast()).startsWith("1 of the 2 heads");
  }

  @Test
  void otherModelsAreSaidToHaveNoMarks() {
    var page = page(2.5, Map.of());
    assertThat(points(page)).allMatch(point -> point.group().isEmpty());
    assertThat(page.asked().getLast()).contains("have no marks");
    assertThat(page.page("again", Map.of()).html()).doesNotContain("in the paper");
  }

  @Test
  void effectsAreToldInLogitsAndAsSharesOfTheDrop() {
    assertThat(page(2.5, Map.of()).conclusions())
        .containsExactly(
            "These heads help most through all paths: L1H0 (`+1.25` ± 0.10 logits, +50.0 % of the"
                + " drop), L0H0 (`+0.50` ± 0.10 logits, +20.0 % of the drop).",
            "These harm most through all paths: L0H1 (`-0.25` ± 0.10 logits, -10.0 % of the drop).",
            "Corrupting these along the direct path lowers the logit difference most: L1H0 (`-2.00` ±"
                + " 0.10 logits).",
            "Corrupting these along the direct path raises it most: L1H1 (`+0.50` ± 0.10 logits).");
    assertThat(page(-2.5, Map.of()).conclusions().getFirst()).contains("does the opposite");
  }
}
