package dev.loupe.lens.heads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeadEffectsTest {
  private static HeadEffects of(double clean, double corrupted, double patched) {
    return HeadEffects.of(
        new double[] {clean}, new double[] {corrupted}, 1, new double[][][] {{{patched}}});
  }

  @Test
  void aRecoveryIsAShareOfTheGap() {
    assertThat(of(3, -1, 0).recovery(new Head(0, 0)).mean()).isEqualTo(.25);
    assertThat(of(3, -1, 0).isReversed()).isFalse();
  }

  @Test
  void aModelThatDoesTheOppositeIsNoted() {
    var effects = of(-1, 3, 2);
    assertThat(effects.isReversed()).isTrue();
    assertThat(effects.recovery(new Head(0, 0)).mean()).isEqualTo(.25);
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY})
  void whatIsNotFiniteIsRefusedInItsOwnWords(double bad) {
    assertThatThrownBy(() -> of(bad, 1, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("clean logit difference of prompt 0 is " + bad);
    assertThatThrownBy(() -> of(1, bad, 1)).hasMessageContaining("the corrupted logit difference");
    assertThatThrownBy(() -> of(1, 2, bad)).hasMessageContaining("patched L0H0");
    assertThatThrownBy(() -> of(1, 1, 1)).hasMessageContaining("nothing to recover");
  }

  @Test
  void numbersReadAlikeInEveryLocale() {
    var before = Locale.getDefault();
    Locale.setDefault(Locale.GERMANY);
    try {
      assertThat(new Estimate(.25, .5, 2)).hasToString("+0.250 ± 0.500");
    } finally {
      Locale.setDefault(before);
    }
  }
}
