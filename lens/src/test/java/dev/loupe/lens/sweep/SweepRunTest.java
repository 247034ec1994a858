package dev.loupe.lens.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.lens.Answers;
import dev.loupe.lens.At;
import dev.loupe.lens.Change;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.Metric;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Site;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.RandomModels;
import dev.loupe.model.Tokens;
import dev.loupe.model.WeightProcessing;
import dev.loupe.tensor.Resident;
import dev.loupe.tensor.TensorException;
import dev.loupe.tensor.Threads;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SweepRunTest {
  private final HookedTransformer model =
      RandomModels.model(RandomModels.family("gpt2"), 3, WeightProcessing.none());
  // A mebibyte cuts a sweep of this model into several chunks.
  private final SweepOptions small = SweepOptions.standard().withMemory(1 << 20).withThreads(2);
  private int matrixThreads;

  @BeforeEach
  void note() {
    matrixThreads = Threads.matrixThreads();
  }

  @AfterEach
  void close() {
    assertThat(Threads.matrixThreads()).isEqualTo(matrixThreads);
    model.close();
  }

  private static Sweep neurons(HookedTransformer model, int seed) {
    var config = model.config();
    var grid =
        Grid.of(
            List.of(
                Axis.numbered("layer", config.nLayers()),
                Axis.numbered("position", 5),
                Axis.numbered("neuron", config.dMlp())),
            at ->
                List.of(
                    Intervention.zero(
                        Site.neuron(HookPoint.mlpPost(at.get(0)), at.get(2))
                            .at(At.index(at.get(1) - 5)))));
    var prompts =
        LongStream.iterate(seed, s -> s + 1)
            .mapToObj(s -> new RandomSweeps(config, s).prompts())
            .filter(p -> p.size() > 3 && p.clean().length() > 5)
            .findFirst()
            .orElseThrow();
    return Sweep.of(grid, prompts, PatchDirection.NOISING, StandardMetric.LOGIT_DIFFERENCE);
  }

  private static void assertSame(SweepResult found, SweepResult expected) {
    assertThat(found.cleanByPrompt()).containsExactly(expected.cleanByPrompt());
    assertThat(found.corruptedByPrompt()).containsExactly(expected.corruptedByPrompt());
    for (int cell = 0; cell < expected.size(); cell++) {
      assertThat(found.byPrompt(cell)).containsExactly(expected.byPrompt(cell));
    }
  }

  /** Interrupts the thread that is told of progress, once. */
  private static Progress interrupting(long after) {
    return (done, total) -> {
      if (done >= after && done < total) {
        Thread.currentThread().interrupt();
      }
    };
  }

  private SweepResult interrupted(Sweep sweep, SweepOptions options) {
    try {
      // Cells that change nothing are done before any chunk is.
      sweep.run(model, options, interrupting(sweep.plan(model, options).unchanged() + 1));
      throw new AssertionError("the sweep was not interrupted");
    } catch (SweepInterruptedException e) {
      assertThat(Thread.interrupted()).isTrue();
      assertThat(e).hasMessageContaining("interrupted after");
      return e.partial();
    }
  }

  @Test
  void anInterruptKeepsWhatIsFinished() {
    var sweep = neurons(model, 0);
    var whole = sweep.run(model, small, Progress.none());
    assertThat(whole.isComplete()).isTrue();
    var partial = interrupted(sweep, small);
    assertThat(partial.isComplete()).isFalse();
    int there = 0;
    for (int cell = 0; cell < partial.size(); cell++) {
      double[] values = partial.byPrompt(cell);
      for (int row = 0; row < values.length; row++) {
        if (!Double.isNaN(values[row])) {
          there++;
          assertThat(values[row]).isEqualTo(whole.byPrompt(cell)[row]);
        }
      }
      assertThat(partial.value(cell).n())
          .isEqualTo((int) Arrays.stream(values).filter(v -> !Double.isNaN(v)).count());
    }
    assertThat(there).isBetween(1, partial.size() * sweep.prompts().size() - 1);
  }

  @Test
  void goesOnInAFolder(@TempDir Path folder) throws IOException {
    var sweep = neurons(model, 0);
    var whole = sweep.run(model, small, Progress.none());
    interrupted(sweep, small.in(folder));
    var begun = chunks(folder);
    assertThat(begun).isNotEmpty();
    var past = FileTime.fromMillis(0);
    for (var chunk : begun) {
      Files.setLastModifiedTime(chunk, past);
    }
    // Other options are those of whoever goes on; the chunks stay those it was begun in.
    var other = SweepOptions.standard().withThreads(1).in(folder);
    assertSame(sweep.run(model, other, Progress.none()), whole);
    for (var chunk : begun) {
      assertThat(Files.getLastModifiedTime(chunk)).isEqualTo(past);
    }
    // A chunk that is damaged is computed again.
    Files.write(begun.getFirst(), new byte[] {1, 2, 3});
    assertSame(sweep.run(model, other, Progress.none()), whole);
    assertThat(Files.size(begun.getFirst())).isGreaterThan(3);
  }

  private static List<Path> chunks(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.filter(f -> f.toString().endsWith(".bin")).sorted().toList();
    }
  }

  @Test
  void aFolderIsOfOneSweep(@TempDir Path folder) throws IOException {
    neurons(model, 0).run(model, small.in(folder), Progress.none());
    assertThatThrownBy(() -> neurons(model, 50).run(model, small.in(folder), Progress.none()))
        .hasMessageContaining("another sweep");
    try (var other = RandomModels.model(model.config(), 4, WeightProcessing.none())) {
      assertThatThrownBy(() -> neurons(other, 0).run(other, small.in(folder), Progress.none()))
          .hasMessageContaining("another sweep");
    }
    Files.writeString(folder.resolve("sweep.properties"), "sweep=x");
    assertThatThrownBy(() -> neurons(model, 0).run(model, small.in(folder), Progress.none()))
        .hasMessageContaining("another sweep");
    var custom =
        Sweep.of(
            Grid.of(
                Axis.numbered("cell", 1),
                List.of(
                    List.of(
                        new Intervention(
                            Site.of(HookPoint.residPre(0)), new Change.Custom("same", x -> x))))),
            neurons(model, 0).prompts(),
            PatchDirection.NOISING,
            StandardMetric.LOGIT_DIFFERENCE);
    assertThatThrownBy(() -> custom.run(model, small.in(folder), Progress.none()))
        .hasMessageContaining("same cannot be told");
  }

  /** Carries out the sweep that is killed; says when a chunk is done. */
  public static void main(String[] args) {
    try (var model = RandomModels.model(RandomModels.family("gpt2"), 3, WeightProcessing.none())) {
      var options = SweepOptions.standard().withMemory(1 << 20).withThreads(2);
      var sweep = neurons(model, 0);
      long unchanged = sweep.plan(model, options).unchanged();
      sweep.run(
          model,
          options.in(Path.of(args[0])),
          (done, total) -> {
            if (done > unchanged) {
              System.out.println("chunk");
            }
          });
    }
  }

  @Test
  void goesOnAfterTheProcessIsKilled(@TempDir Path folder) throws Exception {
    var process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                SweepRunTest.class.getName(),
                folder.toString())
            .redirectErrorStream(true)
            .start();
    var said = new ArrayList<String>();
    try (var lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (var line = lines.readLine(); line != null; line = lines.readLine()) {
        said.add(line);
        if (line.equals("chunk")) {
          process.destroyForcibly();
          break;
        }
      }
    }
    process.waitFor();
    assertThat(said).as("output of the killed process").contains("chunk");
    assertThat(chunks(folder)).isNotEmpty();
    var sweep = neurons(model, 0);
    var whole = sweep.run(model, small, Progress.none());
    assertSame(sweep.run(model, small.in(folder), Progress.none()), whole);
  }

  @Test
  void aChunkTooLargeForMemoryIsHalved() {
    var sweep = neurons(model, 0);
    int prompts = sweep.prompts().size();
    var rows = IntStream.range(0, prompts).boxed().toList();
    var cells = IntStream.range(0, sweep.grid().size()).boxed().toList();
    var block =
        new SweepBlock() {
          @Override
          public double[] clean() {
            return new double[prompts];
          }

          @Override
          public double[] corrupted() {
            return new double[prompts];
          }

          @Override
          public double[][] compute(List<Integer> some, Cancellation cancellation) {
            if (some.size() > 40) {
              throw new TensorException("matmul: can't allocate memory");
            }
            return some.stream()
                .map(cell -> rows.stream().mapToDouble(row -> cell + row).toArray())
                .toArray(double[][]::new);
          }

          @Override
          public void close() {}
        };
    var notes = new ArrayList<String>();
    var progress =
        new Progress() {
          @Override
          public void at(long done, long total) {}

          @Override
          public void note(String remark) {
            notes.add(remark);
          }
        };
    try (var runner = new Runner(sweep, small, progress, Optional.empty())) {
      runner.run(List.of(new Job(rows, c -> block, List.of(cells), List.of())));
      for (int cell : cells) {
        assertThat(runner.result().byPrompt(cell)[prompts - 1]).isEqualTo(cell + prompts - 1);
      }
    }
    assertThat(notes).isNotEmpty().allMatch(n -> n.contains("memory ran out with"));
  }

  @Test
  void whatIsNoNumberIsRefused() {
    var weights = RandomModels.weights(model.config(), 3);
    var broken = weights.map(w -> w.mul(1e200));
    try (var overflowing =
        HookedTransformer.of(model.config(), broken, Optional.empty(), WeightProcessing.none())) {
      assertThatThrownBy(() -> neurons(overflowing, 0).run(overflowing, small, Progress.none()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("overflows");
    }
  }

  @Test
  void whatTheCallerThrowsEndsTheThreadsFirst() {
    var sweep = neurons(model, 0);
    long unchanged = sweep.plan(model, small).unchanged();
    for (int i = 0; i < 20; i++) {
      assertThatThrownBy(() ->
              sweep.run(
                  model,
                  small.withThreads(4),
                  (done, total) -> {
                    if (done > unchanged) {
                      throw new IllegalStateException("enough");
                    }
                  }))
          .hasMessage("enough");
    }
  }

  @Test
  void aRefusedSweepClaimsNoFolder(@TempDir Path folder) {
    var sweep = neurons(model, 0);
    var layer = model.config().nLayers();
    var wrong =
        Sweep.of(
            Grid.of(
                Axis.numbered("cell", 1),
                List.of(List.of(Intervention.zero(Site.of(HookPoint.residPre(layer)))))),
            sweep.prompts(),
            PatchDirection.NOISING,
            StandardMetric.LOGIT_DIFFERENCE);
    assertThatThrownBy(() -> wrong.run(model, small.in(folder), Progress.none()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(sweep.run(model, small.in(folder), Progress.none()).isComplete()).isTrue();
  }

  @Test
  void aMetricThatIsAFunctionCannotBeResumed(@TempDir Path folder) {
    var sweep = neurons(model, 0);
    var custom = new Metric.Custom("mine", logits -> logits.select(1, 0));
    for (var metric : List.of(custom, new Metric.Recovery(custom))) {
      var measured = Sweep.of(sweep.grid(), sweep.prompts(), PatchDirection.NOISING, metric);
      assertThatThrownBy(() -> measured.run(model, small.in(folder), Progress.none()))
          .hasMessageContaining("mine cannot be told");
      assertThat(measured.run(model, small, Progress.none()).isComplete()).isTrue();
    }
  }

  @Test
  void promptsThatAreTurnedByTheirLengthAreNotContinued() {
    var scaled = RandomModels.dynamic(4);
    try (var rotary = RandomModels.model(scaled, 3, WeightProcessing.none())) {
      var clean = new long[] {1, 2, 3, 4, 5, 6, 7, 8};
      var corrupted = new long[] {1, 2, 3, 4, 5, 6, 9, 8};
      var prompts =
          PromptPairs.of(
              Tokens.of(clean), Tokens.of(corrupted), Answers.of(new long[] {3}, new long[] {4}));
      var sweep =
          Sweep.of(
              new Patching(scaled, prompts).heads(Kind.Z, At.all()),
              prompts,
              PatchDirection.DENOISING,
              StandardMetric.LOGIT_DIFFERENCE);
      var fast = sweep.run(rotary, small, Progress.none());
      var slow = NaiveSweep.run(sweep, rotary, Progress.none());
      for (int cell = 0; cell < slow.size(); cell++) {
        assertThat(fast.byPrompt(cell)[0]).isCloseTo(slow.byPrompt(cell)[0], within(1e-9));
      }
    }
  }

  @Test
  void manySweepsDoNotGrow() throws IOException {
    var sweep = neurons(model, 0);
    for (int i = 0; i < 10; i++) {
      sweep.run(model, small, Progress.none());
    }
    long before = Resident.bytes();
    for (int i = 0; i < 60; i++) {
      sweep.run(model, small, Progress.none());
    }
    assertThat(Resident.bytes() - before).isLessThan(24L << 20);
  }

  @Test
  void anInterruptEndsTheNaiveWayToo() {
    var sweep = neurons(model, 0);
    assertThatThrownBy(() -> NaiveSweep.run(sweep, model, interrupting(2)))
        .isInstanceOf(CancellationException.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void thePlanSaysWhatItSpares() {
    var sweep = neurons(model, 0);
    var plan = sweep.plan(model, small);
    assertThat(plan.rows()).isLessThan(plan.naiveRows());
    assertThat(plan.flops()).isLessThan(plan.naiveFlops() / 2);
    assertThat(plan.cells()).isEqualTo(sweep.grid().size());
    // The last layer's neurons are read at the last position alone.
    long neurons = (long) model.config().dMlp() * 4 * sweep.prompts().size();
    assertThat(plan.unchanged()).isGreaterThanOrEqualTo(neurons);
    assertThat(String.join("\n", plan.explain()))
        .contains("of the naive way")
        .contains("noising (corrupted values into the clean run)");
    assertThat(plan.bytes()).isPositive();
  }
}
