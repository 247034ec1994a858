package dev.loupe.circuit.score;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.run.CircuitEvaluation;
import dev.loupe.circuit.run.Corruption;
import dev.loupe.circuit.run.EdgeRun;
import dev.loupe.circuit.run.Granularity;
import dev.loupe.circuit.run.RunJournal;
import dev.loupe.lens.Progress;
import dev.loupe.lens.StandardMetric;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Work on circuits that is interrupted again and again, beside the same done at once. */
class ResumedScoresTest {
  private static final StandardMetric METRIC = StandardMetric.LOGIT_DIFFERENCE;

  @TempDir private Path folder = Path.of("");

  private interface Work<T> {
    T with(RunJournal journal, Progress progress);
  }

  private record Resumed<T>(T found, int interruptions) {}

  /** Does work, interrupted each time that something more is finished. */
  private <T> Resumed<T> interrupted(Work<T> work) {
    for (int times = 0; ; times++) {
      try (var journal = RunJournal.at(folder.resolve("it.bin"))) {
        int before = journal.finished();
        Progress progress =
            (_, _) -> {
              if (journal.finished() > before) {
                Thread.currentThread().interrupt();
              }
            };
        try {
          var found = work.with(journal, progress);
          return new Resumed<>(found, times);
        } catch (CancellationException e) {
          assertThat(journal.finished()).as("finished after %d", times).isGreaterThan(before);
        } finally {
          boolean _ = Thread.interrupted();
        }
      }
    }
  }

  private interface OnRun<T> {
    T with(EdgeRun run, Progress progress);
  }

  private <T> Resumed<T> isTheSame(RandomPairs random, Corruption corruption, OnRun<T> work) {
    var resumed =
        interrupted((journal, progress) -> {
          try (var run = EdgeRun.of(random.model(), random.pairs(), METRIC, corruption, journal)) {
            return work.with(run, progress);
          }
        });
    try (var run = EdgeRun.of(random.model(), random.pairs(), METRIC, corruption)) {
      assertThat(resumed.found())
          .usingRecursiveComparison()
          .isEqualTo(work.with(run, Progress.none()));
    }
    return resumed;
  }

  @Test
  void acdcGoesOnWhereItWas() {
    try (var random = RandomPairs.of("gpt_neox", 5)) {
      var acdc = Acdc.of(METRIC, .02);
      var resumed = isTheSame(random, Corruption.COUNTERFACTUAL, acdc::find);
      assertThat(resumed.interruptions()).isGreaterThan(5);
      assertThat(resumed.found())
          .usingRecursiveComparison()
          .isEqualTo(
              acdc.find(
                  random.model(), random.pairs(), Corruption.COUNTERFACTUAL, Progress.none()));
    }
  }

  @Test
  void exactScoresGoOnWhereTheyWere() {
    try (var random = RandomPairs.of("llama", 6)) {
      var edges = isTheSame(random, Corruption.MEAN, ExactEdges::of);
      assertThat(edges.interruptions()).isGreaterThan(5);
      isTheSame(random, Corruption.ZERO, ExactNodes::of);
    }
  }

  @Test
  void anEvaluationGoesOnWhereItWas() {
    try (var random = RandomPairs.of("gpt2", 7)) {
      var resumed =
          isTheSame(
              random,
              Corruption.MEAN,
              (run, progress) -> {
                var evaluation = new CircuitEvaluation(run, Granularity.EDGE);
                var half = EdgeSet.of(run.shape(), IntStream.range(0, run.shape().edges() / 2));
                return List.of(
                    evaluation.completeness(half),
                    evaluation.random(half, 200, 3, progress),
                    evaluation.minimality(half, progress));
              });
      assertThat(resumed.interruptions()).isGreaterThan(3);
    }
  }

  @Test
  void gradientsOfFinishedBatchesAreNotTakenAgain() {
    try (var random = RandomPairs.of("mistral", 8)) {
      for (var name : List.of("eap-ig", "eap-ig-activations", "ifr")) {
        var attribution =
            GraphAttribution.of(random.pairs(), METRIC, EdgeScoring.parse(name, 3, Ends.REFERENCE));
        var resumed =
            interrupted(
                (journal, progress) -> attribution.edges(random.model(), journal, progress));
        assertThat(resumed.interruptions()).as(name).isEqualTo(1);
        var at = attribution.edges(random.model(), Progress.none());
        assertThat(resumed.found().scores()).as(name).isEqualTo(at.scores());
        assertThat(resumed.found().estimates().standardErrors())
            .isEqualTo(at.estimates().standardErrors());
      }
    }
  }

  @Test
  void aThresholdInOtherUnitsIsRefused() {
    try (var random = RandomPairs.of("gpt2", 7);
        var run =
            EdgeRun.of(
                random.model(),
                random.pairs(),
                StandardMetric.PROBABILITY,
                Corruption.COUNTERFACTUAL)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Acdc.of(METRIC, .1).find(run, Progress.none()))
          .withMessageContaining("expected one by logit difference");
    }
  }
}
