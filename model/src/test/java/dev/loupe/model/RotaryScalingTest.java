package dev.loupe.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.tensor.DType;
import dev.loupe.tensor.Device;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The forms of rotary scaling against plain computations from the papers. */
class RotaryScalingTest {
  private static final int DIMS = 16;
  private static final double BASE = 10000;

  private static double[] frequencies(RotaryScaling scaling, int length) {
    return RotaryTable.frequencies(new Positions.Rotary(DIMS, BASE, scaling), length);
  }

  /** 1 / base^(2i/d), in full. */
  private static double[] plain(double base) {
    return IntStream.range(0, DIMS / 2)
        .mapToDouble(i -> 1 / Math.pow(base, (double) (2 * i) / DIMS))
        .toArray();
  }

  private static void assertClose(double[] found, double[] expected) {
    assertThat(found).hasSize(expected.length);
    for (int i = 0; i < found.length; i++) {
      assertThat(found[i] / expected[i]).as("pair " + i).isCloseTo(1, within(1e-12));
    }
  }

  @Test
  void dynamicRaisesTheBaseBeyondTheTrainedContext() {
    var scaling = new RotaryScaling.Dynamic(4, 32);
    assertClose(frequencies(scaling, 5), plain(BASE));
    assertClose(frequencies(scaling, 32), plain(BASE));
    // base * (s L / L_trained - (s - 1)) ^ (d / (d - 2)), at L = 48: 4 * 1.5 - 3 = 3.
    assertClose(frequencies(scaling, 48), plain(BASE * Math.pow(3, 16.0 / 14)));
  }

  @Test
  void yarnRampsBetweenKeptAndStretched() {
    // Peng et al.: lambda_i = 2 pi b^(2i/d); r = L / lambda; kept where r > beta_fast, stretched
    // where r < beta_slow. Published code ramps over dimensions between the two, rounded outwards.
    int trained = 64;
    double fast = 4;
    double slow = 1;
    double low = Math.floor(dimensionOfTurns(fast, trained));
    double high = Math.ceil(dimensionOfTurns(slow, trained));
    assertThat(low).isBetween(0.0, high);
    assertThat(high).isLessThan(DIMS / 2.0);
    double[] own = plain(BASE);
    var expected = new double[DIMS / 2];
    for (int i = 0; i < expected.length; i++) {
      double stretched = i <= low ? 0 : i >= high ? 1 : (i - low) / (high - low);
      expected[i] = own[i] * (1 - stretched) + own[i] / 8 * stretched;
    }
    assertThat(expected[0]).isEqualTo(own[0]);
    assertThat(expected[7]).isEqualTo(own[7] / 8);
    assertClose(
        frequencies(new RotaryScaling.Yarn(8, fast, slow, 1.2, trained, true), 512), expected);
  }

  @Test
  void yarnWithoutRoundingBeginsItsRampWhereTheTurnsSay() {
    double low = dimensionOfTurns(4, 64);
    double high = dimensionOfTurns(1, 64);
    double[] own = plain(BASE);
    var expected =
        IntStream.range(0, DIMS / 2)
            .mapToDouble(i -> {
              double stretched = Math.min(1, Math.max(0, (i - low) / (high - low)));
              return own[i] * (1 - stretched + stretched / 8);
            })
            .toArray();
    assertClose(frequencies(new RotaryScaling.Yarn(8, 4, 1, 1, 64, false), 512), expected);
  }

  /** Solves turns = L / (2 pi base^(2i/d)) for i by bisection. */
  private static double dimensionOfTurns(double turns, int trained) {
    double below = -DIMS;
    double above = DIMS;
    for (int step = 0; step < 200; step++) {
      double middle = (below + above) / 2;
      double there = trained / (2 * Math.PI * Math.pow(BASE, 2 * middle / DIMS));
      if (there > turns) {
        below = middle;
      } else {
        above = middle;
      }
    }
    return below;
  }

  @Test
  void longRopeHasAFactorForEachPairByLength() {
    List<Double> small = List.of(1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7);
    List<Double> large = List.of(2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0);
    var scaling = new RotaryScaling.LongRope(small, large, 1.3, 32);
    double[] own = plain(BASE);
    assertClose(
        frequencies(scaling, 32),
        IntStream.range(0, 8).mapToDouble(i -> own[i] / small.get(i)).toArray());
    assertClose(
        frequencies(scaling, 33),
        IntStream.range(0, 8).mapToDouble(i -> own[i] / large.get(i)).toArray());
  }

  @Test
  void theRotationTurnsEachPairByPositionTimesFrequencyAndScalesAttention() {
    var scaling = new RotaryScaling.Yarn(8, 4, 1, 1.2, 64, true);
    var rotary = new Positions.Rotary(6, BASE, scaling);
    double[] frequencies = RotaryTable.frequencies(rotary, 100);
    var values = IntStream.range(0, 2 * 8).mapToDouble(i -> i - 5.5).toArray();
    try (var _ = TensorScope.open()) {
      var table = RotaryTable.of(rotary, new long[] {70, 71}, 1, 72, DType.F64, Device.cpu());
      double[] turned = table.rotate(Tensors.of(values, 1, 2, 1, 8)).toDoubles();
      for (int position = 0; position < 2; position++) {
        for (int pair = 0; pair < 3; pair++) {
          double x = values[8 * position + pair];
          double y = values[8 * position + pair + 3];
          double angle = (70 + position) * frequencies[pair];
          // (x + iy) e^(i angle), times the factor.
          assertThat(turned[8 * position + pair])
              .isCloseTo(1.2 * (x * Math.cos(angle) - y * Math.sin(angle)), within(1e-12));
          assertThat(turned[8 * position + pair + 3])
              .isCloseTo(1.2 * (x * Math.sin(angle) + y * Math.cos(angle)), within(1e-12));
        }
        // What is not rotary passes as it is.
        assertThat(Arrays.copyOfRange(turned, 8 * position + 6, 8 * position + 8))
            .containsExactly(values[8 * position + 6], values[8 * position + 7]);
      }
    }
  }

  @Test
  void whereAnglesGoByTheLengthNothingOfAnotherLengthIsMixedIn() {
    var plain = RandomModels.family("llama");
    var config =
        new ModelConfig(
            "llama",
            3,
            4,
            2,
            10,
            6,
            14,
            19,
            16,
            Norm.RMS_NORM,
            1e-5,
            new Positions.Rotary(6, 100, new RotaryScaling.Dynamic(4, 6)),
            Activation.SILU,
            true,
            false,
            2,
            false,
            plain.windows(),
            false,
            plain.bosToken(),
            List.of());
    try (var _ = TensorScope.open();
        var model = RandomModels.model(config, 1, WeightProcessing.none());
        var cache = new KeyValueCache()) {
      var start = RandomModels.tokens(config, 1, PaddingSide.LEFT, 4);
      // Generation passes the trained context, and is what it is without a cache.
      assertThat(model.generate(start, GenerateOptions.greedy(9)).getFirst())
          .isEqualTo(
              model.generate(start, GenerateOptions.greedy(9).withoutKeyValueCache()).getFirst());
      model.run(Run.of(start).withKeyValueCache(cache));
      var more = RandomModels.tokens(config, 2, PaddingSide.LEFT, 3);
      assertThatThrownBy(() -> model.run(Run.of(more).withKeyValueCache(cache)))
          .hasMessageContaining("a key and value cache of 4 positions and 3 more")
          .hasMessageContaining("run without the cache");
      var padded = RandomModels.tokens(config, 3, PaddingSide.LEFT, 8, 4);
      assertThatThrownBy(() -> model.run(padded))
          .hasMessageContaining("rows of 4 and 8 tokens in one batch");
      // Within the trained context there is one table for all.
      var within = RandomModels.tokens(config, 3, PaddingSide.LEFT, 6, 4);
      Golden.assertClose(
          "short",
          model.run(within).narrow(0, 1, 1).narrow(1, 2, 4),
          model.run(Tokens.of(within.row(1))),
          1e-10);
    }
  }
}
