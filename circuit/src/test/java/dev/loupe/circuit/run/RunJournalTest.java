package dev.loupe.circuit.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.loupe.lens.Metric;
import dev.loupe.lens.Progress;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.RandomModels;
import dev.loupe.model.WeightProcessing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What of long work is kept in a file. */
class RunJournalTest {
  private static final double[][] SOME = {
    {1, -0.0, Double.MIN_VALUE}, {Double.POSITIVE_INFINITY, .1, 1e300}
  };
  private static final double[][] OTHERS = {{7}};

  @TempDir private Path folder = Path.of("");

  private final AtomicInteger computed = new AtomicInteger();

  private double[][] part(RunJournal journal, String name, double[][] values) {
    return journal.kept(
        () -> HexFormat.of().formatHex(RunJournal.digest(name).digest()),
        () -> {
          computed.incrementAndGet();
          return values;
        });
  }

  private Path written() {
    var file = folder.resolve("in/it.bin");
    try (var journal = RunJournal.at(file)) {
      assertThat(part(journal, "some", SOME)).isDeepEqualTo(SOME);
      assertThat(part(journal, "others", OTHERS)).isDeepEqualTo(OTHERS);
    }
    assertThat(computed).hasValue(2);
    return file;
  }

  @Test
  void whatIsKeptIsNotComputedAgain() {
    try (var journal = RunJournal.at(written())) {
      assertThat(journal.finished()).isEqualTo(2);
      assertThat(part(journal, "others", SOME)).isDeepEqualTo(OTHERS);
      assertThat(part(journal, "some", OTHERS)).isDeepEqualTo(SOME);
      assertThat(computed).hasValue(2);
      assertThat(part(journal, "new", OTHERS)).isDeepEqualTo(OTHERS);
      assertThat(journal.finished()).isEqualTo(3);
    }
    assertThat(computed).hasValue(3);
  }

  @Test
  void ofAPartThatIsNotWholeNothingIsTaken() throws IOException {
    var file = written();
    byte[] whole = Files.readAllBytes(file);
    for (int bytes : new int[] {whole.length - 1, whole.length - 20, whole.length - 50}) {
      Files.write(file, Arrays.copyOf(whole, bytes));
      int before = computed.get();
      try (var journal = RunJournal.at(file)) {
        assertThat(journal.finished()).isEqualTo(1);
        assertThat(part(journal, "some", OTHERS)).isDeepEqualTo(SOME);
        assertThat(part(journal, "others", OTHERS)).isDeepEqualTo(OTHERS);
      }
      assertThat(computed).hasValue(before + 1);
      assertThat(file).hasBinaryContent(whole);
    }
    byte[] damaged = whole.clone();
    damaged[60] ^= 1;
    Files.write(file, damaged);
    try (var journal = RunJournal.at(file)) {
      assertThat(journal.finished()).isZero();
    }
  }

  @Test
  void withoutAFileNothingIsKept() {
    try (var journal = RunJournal.none()) {
      var _ = part(journal, "some", SOME);
      var _ = part(journal, "some", SOME);
      assertThat(journal.finished()).isZero();
    }
    assertThat(computed).hasValue(2);
    try (var journal = RunJournal.at(folder.resolve("none/it.bin"))) {
      assertThat(journal.finished()).isZero();
    }
    assertThat(folder.resolve("none")).doesNotExist();
  }

  @Test
  void circuitsAreTakenOnlyFromTheSameWork() {
    var config = RandomModels.family("gpt2");
    try (var model = RandomModels.model(config, 3, WeightProcessing.none());
        var other = RandomModels.model(config, 4, WeightProcessing.none());
        var journal = RunJournal.at(folder.resolve("it.bin"))) {
      var pairs = Fixtures.pairs(config, 1);
      var metric = StandardMetric.LOGIT_DIFFERENCE;
      var runs =
          List.of(
              EdgeRun.of(model, pairs, metric, Corruption.MEAN, journal),
              EdgeRun.of(model, pairs, metric, Corruption.ZERO, journal),
              EdgeRun.of(model, pairs, StandardMetric.PROBABILITY, Corruption.MEAN, journal),
              EdgeRun.of(model, Fixtures.pairs(config, 2), metric, Corruption.MEAN, journal),
              EdgeRun.of(other, pairs, metric, Corruption.MEAN, journal));
      var one = Fixtures.circuit(runs.getFirst().shape(), 1, .5);
      var two = Fixtures.circuit(runs.getFirst().shape(), 2, .5);
      for (var circuits : List.of(List.of(one, two), List.of(two, one), List.of(two))) {
        for (int i = 0; i < runs.size(); i++) {
          var run = runs.get(i);
          int before = journal.finished();
          double[][] found = run.of(circuits, Progress.none());
          assertThat(journal.finished()).isGreaterThan(before);
          int after = journal.finished();
          assertThat(run.of(circuits, Progress.none())).isDeepEqualTo(found);
          assertThat(journal.finished()).isEqualTo(after);
          var of = i == runs.size() - 1 ? other : model;
          try (var fresh = EdgeRun.of(of, run.pairs(), run.metric(), run.corruption())) {
            assertThat(fresh.of(circuits, Progress.none())).isDeepEqualTo(found);
          }
        }
      }
      runs.forEach(EdgeRun::close);
      var custom = new Metric.Custom("mine", logits -> logits.select(1, 0));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> EdgeRun.of(model, pairs, custom, Corruption.MEAN, journal))
          .withMessageContaining("cannot be resumed");
    }
  }
}
