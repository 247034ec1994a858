package dev.loupe.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.model.GenerateOptions.Sampling;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** How tokens are chosen, on a model whose probabilities are the same after any text. */
class SamplingTest {
  private static final double[] PROBABILITIES = {0.02, 0.4, 0.1, 0.25, 0.03, 0.2};
  private static final int DRAWS = 4000;

  private interface Use {
    void with(HookedTransformer model);
  }

  /** The logits are b_U alone: everything that writes or reads the stream is zero. */
  private static void onFixedModel(List<Long> eos, Use use) {
    var like = RandomModels.family("gpt2");
    var config =
        new ModelConfig(
            "gpt2",
            1,
            4,
            4,
            10,
            6,
            14,
            6,
            32,
            Norm.LAYER_NORM,
            1e-5,
            new Positions.Learned(),
            Activation.RELU,
            false,
            false,
            1,
            false,
            List.of(0),
            like.tiedEmbeddings(),
            OptionalLong.empty(),
            eos);
    try (var _ = TensorScope.open()) {
      UnaryOperator<Tensor> zero = t -> t.mul(0);
      var zeros = RandomModels.weights(config, 1).map(zero);
      var logits = Tensors.of(PROBABILITIES, 6).log();
      var weights =
          new Weights(
              zeros.wE(), zeros.wPos(), zeros.blocks(), zeros.lnFinal(), zeros.wU(), logits);
      try (var model =
          HookedTransformer.of(config, weights, Optional.empty(), WeightProcessing.none())) {
        use.with(model);
      }
    }
  }

  private static Sampling random(double temperature, int topK, double topP, long seed) {
    return new Sampling.Random(
        temperature, topK == 0 ? OptionalInt.empty() : OptionalInt.of(topK), topP, seed);
  }

  /** How often each token is chosen, as a share. */
  private static double[] shares(HookedTransformer model, Sampling sampling) {
    var options = GenerateOptions.greedy(20).withSampling(sampling);
    var counts = new double[6];
    for (long[] row : model.generate(Tokens.of(rows(DRAWS / 20)), options)) {
      for (long token : row) {
        counts[(int) token] += 1.0 / DRAWS;
      }
    }
    return counts;
  }

  private static long[][] rows(int count) {
    return IntStream.range(0, count).mapToObj(i -> new long[] {0}).toArray(long[][]::new);
  }

  private static void assertShares(double[] found, double... expected) {
    double sum = Arrays.stream(expected).sum();
    for (int i = 0; i < expected.length; i++) {
      if (expected[i] == 0) {
        assertThat(found[i]).as("token " + i).isZero();
      } else {
        // Four standard deviations of 4,000 draws at most.
        assertThat(found[i]).as("token " + i).isCloseTo(expected[i] / sum, within(0.032));
      }
    }
  }

  @Test
  void drawsFollowTheProbabilities() {
    onFixedModel(
        List.of(), model -> assertShares(shares(model, random(1, 0, 1, 1)), PROBABILITIES));
  }

  @Test
  void temperatureSharpensAndFlattens() {
    onFixedModel(
        List.of(),
        model -> {
          for (double t : new double[] {0.5, 2}) {
            assertShares(
                shares(model, random(t, 0, 1, 2)),
                Arrays.stream(PROBABILITIES).map(p -> Math.pow(p, 1 / t)).toArray());
          }
          // However small, it is the limit of the greedy choice and never a NaN.
          for (double t : new double[] {1e-10, 1e-300, Double.MIN_VALUE}) {
            assertShares(shares(model, random(t, 0, 1, 3)), 0, 1, 0, 0, 0, 0);
          }
        });
  }

  @Test
  void topKKeepsTheMostLikely() {
    onFixedModel(
        List.of(),
        model -> {
          assertShares(shares(model, random(1, 3, 1, 4)), 0, 0.4, 0, 0.25, 0, 0.2);
          assertShares(shares(model, random(1, 1, 1, 4)), 0, 1, 0, 0, 0, 0);
          assertShares(shares(model, random(1, 100, 1, 4)), PROBABILITIES);
        });
  }

  @Test
  void topPKeepsTheFewestThatReachIt() {
    onFixedModel(
        List.of(),
        model -> {
          // 0.4 + 0.25 = 0.65 does not reach 0.7; with 0.2 it is passed.
          assertShares(shares(model, random(1, 0, 0.7, 5)), 0, 0.4, 0, 0.25, 0, 0.2);
          assertShares(shares(model, random(1, 0, 0.6, 5)), 0, 0.4, 0, 0.25, 0, 0);
          assertShares(shares(model, random(1, 0, 1e-9, 5)), 0, 1, 0, 0, 0, 0);
          // Of the three that top-k leaves, two make 0.65 / 0.85 = 0.76.
          assertShares(shares(model, random(1, 3, 0.75, 5)), 0, 0.4, 0, 0.25, 0, 0);
        });
  }

  @Test
  void aSeedGivesTheSameTextAndAnotherAnother() {
    onFixedModel(
        List.of(),
        model -> {
          var tokens = Tokens.of(new long[] {1});
          var first = model.generate(tokens, GenerateOptions.random(25, 7)).getFirst();
          assertThat(model.generate(tokens, GenerateOptions.random(25, 7)).getFirst())
              .isEqualTo(first);
          assertThat(model.generate(tokens, GenerateOptions.random(25, 8)).getFirst())
              .isNotEqualTo(first);
        });
  }

  @Test
  void rowsEndAtAnyEndTokenAndTheListenerSeesEveryToken() {
    onFixedModel(
        List.of(4L, 2L),
        model -> {
          var told = new ArrayList<List<Long>>();
          for (int row = 0; row < 30; row++) {
            told.add(new ArrayList<>());
          }
          var rows =
              model.generate(
                  Tokens.of(rows(30)),
                  GenerateOptions.random(20, 1),
                  (row, token) -> told.get(row).add(token));
          int ended = 0;
          for (int row = 0; row < 30; row++) {
            var found = Arrays.stream(rows.get(row)).boxed().toList();
            assertThat(told.get(row)).isEqualTo(found);
            assertThat(found.subList(0, found.size() - 1)).doesNotContain(2L, 4L);
            if (found.size() < 20) {
              assertThat(found.getLast()).isIn(2L, 4L);
              ended++;
            }
          }
          assertThat(ended).isGreaterThan(20);
          assertThat(
                  model.generate(Tokens.of(rows(30)), GenerateOptions.random(20, 1).ignoringEos()))
              .allMatch(row -> row.length == 20);
        });
  }

  @Test
  void optionsThatLeaveNothingToChooseFromAreRefused() {
    assertThatThrownBy(() -> GenerateOptions.greedy(0))
        .hasMessageContaining("tokens 0: expected 1");
    assertThatThrownBy(() -> random(0, 0, 1, 0))
        .hasMessageContaining("temperature 0.0: expected above 0; use greedy");
    assertThatThrownBy(() -> random(Double.NaN, 0, 1, 0)).hasMessageContaining("NaN");
    assertThatThrownBy(() -> random(1, -2, 1, 0)).hasMessageContaining("top-k -2: expected 1");
    assertThatThrownBy(() -> random(1, 0, 0, 0)).hasMessageContaining("top-p 0.0");
    assertThatThrownBy(() -> random(1, 0, 1.1, 0)).hasMessageContaining("top-p 1.1");
  }
}
