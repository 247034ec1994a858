package dev.loupe.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import dev.loupe.model.HookedTransformer;
import dev.loupe.model.LoadOptions;
import dev.loupe.model.Tokens;
import dev.loupe.model.WeightProcessing;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Threads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A training of a very small model. */
class DemoModelTrainingTest {
  private static final Pattern LOSS = Pattern.compile("loss ([0-9.]+)");

  @TempDir Path folder;

  private static TrainingOptions options(long seed) {
    var shape = new TrainingOptions.Shape(1, 2, 16, 64);
    return new TrainingOptions(
        shape, Mixture.standard(), 20, 8, 2, 1e-2, 5, .1, 2, .05, seed, 5, 10);
  }

  private List<String> train(String name, TrainingOptions options) {
    var lines = new ArrayList<String>();
    DemoModelTraining.train(options, folder.resolve(name), lines::add);
    return lines;
  }

  private byte[] weights(String name) throws IOException {
    return Files.readAllBytes(folder.resolve(name).resolve("model.safetensors"));
  }

  @Test
  void theLossFallsAndTheSameSeedGivesTheSameWeights() throws IOException {
    int threads = Threads.matrixThreads();
    var losses =
        train("one", options(1)).stream()
            .map(LOSS::matcher)
            .filter(java.util.regex.Matcher::find)
            .map(m -> Double.parseDouble(m.group(1)))
            .toList();
    assertThat(losses).hasSize(4);
    assertThat(losses.getLast()).isLessThan(losses.getFirst() - .2);
    assertThat(Threads.matrixThreads()).isEqualTo(threads);

    train("same", options(1));
    train("other", options(2));
    assertThat(weights("same")).isEqualTo(weights("one"));
    assertThat(weights("other")).isNotEqualTo(weights("one"));
  }

  @Test
  void anInterruptedTrainingGoesOnToTheSameWeights() throws IOException {
    train("whole", options(1));
    var out = folder.resolve("broken");
    assertThatThrownBy(() ->
            DemoModelTraining.train(
                options(1),
                out,
                line -> {
                  if (line.startsWith("step 15")) {
                    Thread.currentThread().interrupt();
                  }
                }))
        .isInstanceOf(CancellationException.class)
        .hasMessageContaining("step 15 of 20");
    assertThat(Thread.interrupted()).isTrue();
    assertThat(out.resolve("model.safetensors")).doesNotExist();

    assertThat(train("broken", options(1)).getFirst()).contains("on from step 16 of 20");
    assertThat(weights("broken")).isEqualTo(weights("whole"));
  }

  @Test
  void aCheckpointOfOtherOptionsIsRefused() {
    train("one", options(1));
    assertThatThrownBy(() -> train("one", options(2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("checkpoint.safetensors")
        .hasMessageContaining("seed=1")
        .hasMessageContaining("seed=2");
  }

  @Test
  void whatIsExportedComputesWhatWasTrained() throws IOException {
    var config = options(1).shape().config(new Vocabulary().size());
    TokenizerJson.write(new Vocabulary(), config, folder);
    try (var _ = TensorScope.open()) {
      var random = new SplittableRandom(1);
      // Biases are drawn too, lest a wrong one pass as zero.
      var parameters =
          Parameters.draw(config, .3, random)
              .map(t -> t.add(Parameters.normal(random, .1, t.shape())));
      Gpt2Export.write(config, parameters.weights(), folder);
      var tokens = Tokens.of(new long[] {0, 5, 6, 7, 8}, new long[] {0, 9, 5, 7, 300});
      try (var trained =
              HookedTransformer.of(
                  config, parameters.weights(), Optional.empty(), WeightProcessing.none());
          var loaded = HookedTransformer.load(folder.toString(), LoadOptions.standard().raw())) {
        assertThat(loaded.config()).isEqualTo(config);
        assertThat(loaded.run(tokens).toFloats()).isEqualTo(trained.run(tokens).toFloats());
      }
      try (var folded =
          HookedTransformer.of(
              config, parameters.weights(), Optional.empty(), WeightProcessing.standard())) {
        assertThatThrownBy(() -> Gpt2Export.write(config, folded.weights(), folder))
            .hasMessageContaining("WeightProcessing.none()");
      }
    }
  }

  @Test
  void theLearningRateRisesAndFalls() {
    assertThat(options(1).learningRate(1)).isCloseTo(2e-3, offset(1e-12));
    assertThat(options(1).learningRate(5)).isEqualTo(1e-2);
    assertThat(options(1).learningRate(20)).isCloseTo(5e-4, offset(1e-12));
  }

  @Test
  void impossibleOptionsAreRefused() {
    assertThatThrownBy(() -> new TrainingOptions.Shape(1, 3, 16, 64)).hasMessageContaining("16");
    assertThatThrownBy(() -> options(1).withSteps(0)).hasMessageContaining("steps");
    assertThatThrownBy(() -> new Mixture(-1, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        .hasMessageContaining("weights");
    assertThatThrownBy(() -> new Mixture(1, 0, 0, 0, 0, 0, 2, 0, 0, 0)).hasMessageContaining("2.0");
  }
}
