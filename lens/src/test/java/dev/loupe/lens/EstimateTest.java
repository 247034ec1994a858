package dev.loupe.lens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EstimateTest {
  private static final double[] VALUES = {0.3, -1.2, 2.5, 0.9, 4.1, -0.4, 1.7};

  @Test
  void meanAndErrorAreThoseOfTheTextbook() {
    var estimate = Estimate.of(2, 4, 4, 4, 5, 5, 7, 9);
    assertThat(estimate.mean()).isEqualTo(5);
    assertThat(estimate.standardError()).isCloseTo(Math.sqrt(32.0 / 7 / 8), within(1e-15));
    assertThat(Estimate.of(3).standardError()).isNaN();
  }

  @Test
  void theSameSeedGivesTheSameInterval() {
    var interval = Estimate.bootstrap(VALUES, 500, .9, 7);
    assertThat(Estimate.bootstrap(VALUES.clone(), 500, .9, 7)).isEqualTo(interval);
    assertThat(Estimate.bootstrap(VALUES, 500, .9, 8)).isNotEqualTo(interval);
    assertThat(interval.confidence()).isEqualTo(.9);
  }

  @Test
  void moreConfidenceIsAWiderIntervalAroundTheMean() {
    double mean = Estimate.of(VALUES).mean();
    double low = mean;
    double high = mean;
    for (double confidence : new double[] {.5, .8, .95, .99}) {
      var interval = Estimate.bootstrap(VALUES, 2000, confidence, 1);
      assertThat(interval.low()).isLessThan(low);
      assertThat(interval.high()).isGreaterThan(high);
      low = interval.low();
      high = interval.high();
    }
    assertThat(low).isGreaterThan(-1.2);
    assertThat(high).isLessThan(4.1);
  }

  @Test
  void anIntervalIsThatOfTheSortedMeansOfTheSamples() {
    for (int resamples : new int[] {1, 2, 11, 101}) {
      var random = new SplittableRandom(3);
      var means = new ArrayList<Double>();
      for (int i = 0; i < resamples; i++) {
        var sample = new ArrayList<Double>();
        for (int draw = 0; draw < VALUES.length; draw++) {
          sample.add(VALUES[random.nextInt(VALUES.length)]);
        }
        means.add(sample.stream().mapToDouble(Double::doubleValue).average().orElseThrow());
      }
      means.sort(null);
      var interval = Estimate.bootstrap(VALUES, resamples, .8, 3);
      // 10 % of the way from the first to the last; on a mean itself, but for 2.
      double tenth = (resamples - 1) / 10.0;
      int at = (int) tenth;
      double rest = tenth - at;
      int next = Math.min(at + 1, resamples - 1);
      double low = (1 - rest) * means.get(at) + rest * means.get(next);
      var down = means.reversed();
      double high = (1 - rest) * down.get(at) + rest * down.get(next);
      assertThat(interval.low()).isCloseTo(low, within(1e-9));
      assertThat(interval.high()).isCloseTo(high, within(1e-9));
    }
  }

  @Test
  void manySamplesComeToTheQuantilesOfAllThatThereAre() {
    // The 27 samples of {0, 1, 5}, by their sums: 0, 1 1 1, 2 2 2, 3, 5 5 5, 6 (6 times), 7 7 7,
    // 10 10 10, 11 11 11, 15. A tenth of them is 2.7: the sum is 1 there, and 11 at the other end.
    var interval = Estimate.bootstrap(new double[] {0, 1, 5}, 20_000, .8, 4);
    assertThat(interval.low()).isCloseTo(1 / 3.0, within(1e-12));
    assertThat(interval.high()).isCloseTo(11 / 3.0, within(1e-12));
    // A third of them is 9: eight sums are below 5 and three are 5; from above, the 9th is 7.
    var middle = Estimate.bootstrap(new double[] {0, 1, 5}, 20_000, 1 / 3.0, 4);
    assertThat(middle.low()).isCloseTo(5 / 3.0, within(1e-12));
    assertThat(middle.high()).isCloseTo(7 / 3.0, within(1e-12));
  }

  @Test
  void intervalsHoldTheTrueMeanAboutAsOftenAsTheySay() {
    var random = new SplittableRandom(5);
    int held = 0;
    for (int study = 0; study < 400; study++) {
      var values = new double[60];
      for (int i = 0; i < values.length; i++) {
        values[i] = 2 + 3 * random.nextGaussian();
      }
      var interval = Estimate.bootstrap(values, 300, .9, study);
      held += interval.low() <= 2 && 2 <= interval.high() ? 1 : 0;
    }
    // 360 of 400 are expected, with a standard deviation of 6.
    assertThat(held).isBetween(335, 382);
  }

  @Test
  void oneValueSaysNothingOfItsErrorAndEqualOnesHaveNone() {
    var single = Estimate.bootstrap(new double[] {3}, 100, .95, 0);
    assertThat(single.low()).isNaN();
    assertThat(single.high()).isNaN();
    var equal = Estimate.bootstrap(new double[] {3, 3, 3}, 100, .95, 0);
    assertThat(equal).isEqualTo(new Interval(3, 3, .95));
  }

  @Test
  void theUsualIntervalIsOf95PercentAnd2000Resamples() {
    assertThat(Estimate.interval(VALUES)).isEqualTo(Estimate.bootstrap(VALUES, 2000, .95, 0));
    for (double[] tooLittle : new double[][] {{}, {3}, {1, Double.NEGATIVE_INFINITY}}) {
      assertThat(Estimate.interval(tooLittle)).isEqualTo(new Interval(Double.NaN, Double.NaN, .95));
    }
  }

  @Test
  void anIntervalInOtherUnitsKeepsItsOrder() {
    var interval = new Interval(-1, 3, .9);
    assertThat(interval.scaled(2)).isEqualTo(new Interval(-2, 6, .9));
    assertThat(interval.scaled(-2)).isEqualTo(new Interval(-6, 2, .9));
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 1, -.5, 95, Double.NaN})
  void aConfidenceIsAShare(double confidence) {
    assertThatThrownBy(() -> Estimate.bootstrap(VALUES, 100, confidence, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("confidence " + confidence);
  }

  @Test
  void whatCannotBeSampledIsRefused() {
    assertThatThrownBy(() -> Estimate.bootstrap(new double[0], 100, .95, 0))
        .hasMessageContaining("100 resamples of 0 values");
    assertThatThrownBy(() -> Estimate.bootstrap(VALUES, 0, .95, 0))
        .hasMessageContaining("0 resamples of 7 values");
    assertThatThrownBy(() -> Estimate.bootstrap(new double[] {1, Double.NaN}, 100, .95, 0))
        .hasMessageContaining("NaN");
    assertThatThrownBy(() -> new Interval(2, 1, .95)).hasMessageContaining("from 2.0 to 1.0");
  }
}
