package dev.loupe.report.study;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.heads.HeadEffects;
import dev.loupe.lens.heads.HeadEvidence;
import dev.loupe.model.Token;
import dev.loupe.model.WeightProcessing;
import dev.loupe.study.PromptRow;
import dev.loupe.study.ioi.HeadRole;
import dev.loupe.study.ioi.IoiPatching;
import dev.loupe.study.ioi.IoiPatchingFindings;
import dev.loupe.study.ioi.IoiPatchingFindings.EndAttention;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

class IoiPatchingPageTest {
  private static final String HOSTILE = "<script>alert(1)</script>";

  private static HeadEvidence nameMover(int index, double recovery) {
    var attention = Map.of("IO", 0.7, "S1", 0.1, "S2", 0.05);
    return new HeadEvidence(
        new Head(0, index), new Estimate(recovery, 0.01, 2), attention, attention, recovery);
  }

  private static IoiPatchingFindings findings(double clean, List<Head> knockedOut) {
    var heads = List.of(nameMover(0, 0.67), nameMover(1, 0.22));
    var row =
        new PromptRow(
            List.of(new Token("Zoe", 1), new Token(HOSTILE, 2)),
            List.of(new Token(HOSTILE, 2), new Token("Zoe", 1)),
            List.of(new Token(" B", 2)),
            List.of(new Token(" A", 1)),
            Map.of("IO", 1));
    double[][] pattern = {{1, 0}, {.5, .5}};
    return new IoiPatchingFindings(
        IoiPatching.standard(),
        new dev.loupe.model.Provenance(
            "model" + HOSTILE, "rev1", "weights2", "tokens3", WeightProcessing.none(), "F64"),
        "name-swap",
        List.of(row),
        List.of(HOSTILE),
        new HeadEffects(
            new Estimate(clean, 0.5, 2),
            new Estimate(-2, 0.5, 2),
            0.75,
            0.5,
            List.of(heads.stream().map(HeadEvidence::recovery).toList())),
        heads,
        knockedOut,
        new Estimate(4.5, 0.25, 2),
        Map.of(new Head(0, 0), pattern),
        List.of(new EndAttention(new Head(0, 0), 0, List.of(0.25, 0.75))));
  }

  private static String html(IoiPatchingFindings findings) {
    return new IoiPatchingPage(findings).page("loupe " + HOSTILE, Map.of("fact", "four")).html();
  }

  @Test
  void thePageHoldsHeadsPromptsRulesAndProvenanceInEveryLocale() {
    var before = Locale.getDefault();
    Locale.setDefault(Locale.GERMANY);
    try {
      assertThat(html(findings(3, List.of(new Head(0, 0)))))
          .contains(
              "L0H0",
              "L0H1",
              "Zoe",
              "rev1",
              "weights2",
              "tokens3",
              "four",
              "Where L0H0 looks from the last token of prompt 1")
          .contains("75.0 %", "+3.00", "+0.670", "Knocked out together are L0H0,")
          .contains(List.of(HeadRole.values()).stream().map(HeadRole::toString).toList());
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void hostileTextIsEscaped() {
    assertThat(html(findings(3, List.of())))
        .doesNotContain(HOSTILE)
        .contains("&lt;script&gt;alert(1)&lt;/script&gt;");
  }

  @Test
  void eachRecoveryIsToldByItselfAndARiseIsNoFall() {
    assertThat(new IoiPatchingPage(findings(3, List.of(new Head(0, 0)))).conclusions())
        .containsExactly(
            "Name movers: L0H0, L0H1 read IO and raise it (recoveries +0.670 ± 0.010,"
                + " +0.220 ± 0.010).",
            "Without L0H0 (z at END set to its mean) the clean logit difference goes from +3.00 ± 0.50"
                + " to +4.50 ± 0.25.");
  }

  @Test
  void withoutAKnockOutNoneIsTold() {
    var findings = findings(3, List.of());
    assertThat(new IoiPatchingPage(findings).conclusions()).hasSize(1);
    assertThat(html(findings)).doesNotContain("Knocked out", "Without");
  }

  @Test
  void aModelThatDoesTheOppositeIsSaidToDoSo() {
    assertThat(new IoiPatchingPage(findings(-5, List.of())).conclusions().getFirst())
        .contains("does the opposite");
  }
}
