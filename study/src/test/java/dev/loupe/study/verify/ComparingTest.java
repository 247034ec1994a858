package dev.loupe.study.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.study.verify.Verdict.Compared;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What counts as reproduced. */
class ComparingTest {
  private static Verdict of(double published, Estimate computed, Comparison how) {
    return Comparing.of(numbers(Map.of("x", published), false), Map.of("x", computed), how);
  }

  private static Published numbers(Map<String, Double> values, boolean whole) {
    return new Published.Numbers(new LinkedHashMap<>(values), 3, whole);
  }

  @Test
  void theDifferenceIsSaid() {
    var within = new Comparison.Within(.001, "print");
    assertThat(of(3.552, Estimate.of(3.5515), within)).isInstanceOf(Verdict.Reproduced.class);
    var off = (Verdict.OffBy) of(3.5, Estimate.of(3.75), within);
    assertThat(off.off()).containsExactly(new Compared("x", 3.5, 3.75, .25, .001, false));
    assertThat(of(3.5, Estimate.of(Double.NaN), within)).isInstanceOf(Verdict.OffBy.class);
  }

  @Test
  void theErrorOfBothMeansCounts() {
    // A spread of 2 over 100 prompts of ours; theirs are 25: 2 * sqrt(1/25 + 1/100) = 0.447.
    var ours = new Estimate(1, .2, 100);
    var sampling = new Comparison.Sampling(25, 2, "other prompts");
    var verdict = of(1.8, ours, sampling);
    assertThat(verdict).isInstanceOf(Verdict.Reproduced.class);
    assertThat(verdict.values().getFirst().tolerance())
        .isCloseTo(2 * .4472, org.assertj.core.data.Offset.offset(1e-3));
    assertThat(of(2, ours, sampling)).isInstanceOf(Verdict.OffBy.class);
    assertThat(of(1, Estimate.of(1), sampling)).isInstanceOf(Verdict.OffBy.class);
  }

  @Test
  void scoresMayDifferOnTheirSide() {
    var sides = new Comparison.Sides(.4, .1, "other tokens");
    assertThat(of(.9, Estimate.of(.5), sides)).isInstanceOf(Verdict.Reproduced.class);
    assertThat(of(.44, Estimate.of(.36), sides)).isInstanceOf(Verdict.Reproduced.class);
    assertThat(of(.44, Estimate.of(.3), sides)).isInstanceOf(Verdict.OffBy.class);
    assertThat(of(.1, Estimate.of(.41), sides)).isInstanceOf(Verdict.OffBy.class);
    assertThat(of(.1, Estimate.of(Double.NaN), sides)).isInstanceOf(Verdict.OffBy.class);
  }

  @Test
  void namedHeadsMustComeFirst() {
    Map<String, Estimate> computed = new LinkedHashMap<>();
    computed.put("L0H0", Estimate.of(.5));
    computed.put("L0H1", Estimate.of(-2));
    computed.put("L1H0", Estimate.of(-1));
    computed.put("L1H1", Estimate.of(1));
    var heads = new Published.Heads(List.of(new Head(1, 0), new Head(0, 1)));
    var lowest = new Comparison.Ranks(Comparison.End.LOWEST, 2, "as many");
    assertThat(Comparing.of(heads, computed, lowest)).isInstanceOf(Verdict.Reproduced.class);
    var highest = new Comparison.Ranks(Comparison.End.HIGHEST, 2, "as many");
    var off = Comparing.of(heads, computed, highest);
    assertThat(off.values())
        .containsExactly(
            new Compared("L1H0", 2, 3, 1, 0, false), new Compared("L0H1", 2, 4, 2, 0, false));
  }

  @Test
  void aBoundIsABound() {
    var least = new Comparison.AtLeast("no more is published");
    assertThat(of(.5, Estimate.of(.9), least)).isInstanceOf(Verdict.Reproduced.class);
    assertThat(of(.5, Estimate.of(.4), least)).isInstanceOf(Verdict.OffBy.class);
  }

  @Test
  void otherValuesThanThePublishedAreNotCompared() {
    var exact = new Comparison.Within(0, "counted");
    var found = Map.of("0", Estimate.of(1), "1", Estimate.of(2));
    assertThat(Comparing.of(numbers(Map.of("0", 1d), true), found, exact))
        .isInstanceOf(Verdict.OffBy.class);
    assertThat(Comparing.of(numbers(Map.of("0", 1d), false), found, exact))
        .isInstanceOf(Verdict.Reproduced.class);
    assertThatThrownBy(() -> Comparing.of(numbers(Map.of("7_mid", 1d), false), found, exact))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no 7_mid here");
  }
}
