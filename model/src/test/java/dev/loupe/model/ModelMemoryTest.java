package dev.loupe.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loupe.tensor.DType;
import dev.loupe.tensor.Resident;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Native memory comes back, and threads do not see each other. */
class ModelMemoryTest {
  private static final long LIMIT = 32L << 20;

  private interface Body {
    void run(int round);
  }

  private static void assertFlat(int warmUp, int rounds, Body body) throws IOException {
    for (int i = 0; i < warmUp; i++) {
      body.run(i);
    }
    long before = Resident.bytes();
    for (int i = 0; i < rounds; i++) {
      body.run(i);
    }
    assertThat(Resident.bytes() - before).as("growth in %d rounds", rounds).isLessThan(LIMIT);
  }

  private static HookedTransformer tiny(String family) {
    var config = RandomModels.withLayers(RandomModels.family(family), 1);
    try (var _ = TensorScope.open()) {
      var weights = RandomModels.weights(config, 1).map(t -> t.to(DType.F32));
      return HookedTransformer.of(config, weights, Optional.empty(), WeightProcessing.none());
    }
  }

  /** Returns rows of one length but the first, which is shorter. */
  private static int[] lengths(int rows, int length) {
    var lengths = new int[rows];
    Arrays.fill(lengths, length);
    lengths[0] = length / 2;
    return lengths;
  }

  @Test
  void tenThousandRunsKeepMemoryFlat() throws IOException {
    try (var gpt2 = tiny("gpt2");
        var llama = tiny("llama")) {
      var tokens = RandomModels.tokens(gpt2.config(), 1, PaddingSide.LEFT, 15, 9, 15, 15);
      assertFlat(
          500,
          10_000,
          i -> {
            try (var _ = TensorScope.open()) {
              var model = i % 2 == 0 ? gpt2 : llama;
              var sum = new double[1];
              var hooks =
                  Hooks.none()
                      .replace(HookPoint.z(0), (z, at) -> z.withSelect(2, 0, z.select(2, 0).mul(0)))
                      .read(HookPoint.attnOut(0), (x, at) -> sum[0] += x.sum().item());
              boolean everything = i % 4 < 2;
              var filter =
                  everything
                      ? CacheFilter.where(p -> true)
                      : CacheFilter.only(HookPoint.z(0)).atLast();
              var run = model.run(Run.of(tokens).withHooks(hooks).caching(filter));
              // What is kept makes more than 500 MB in all.
              assertThat(run.cache().bytes()).isGreaterThan(everything ? 100_000 : 300);
              assertThat(run.output().select(1, 14).sum().item() + sum[0]).isFinite();
            }
          });
    }
  }

  @Test
  void refusedRunsAndFailingHooksLeaveNothing() throws IOException {
    try (var model = tiny("gpt2")) {
      var tokens = RandomModels.tokens(model.config(), 1, PaddingSide.LEFT, lengths(16, 15));
      var failing =
          Hooks.none()
              .replace(HookPoint.z(0), (z, at) -> z.select(1, 0))
              .read(HookPoint.z(0), (z, at) -> {});
      assertFlat(
          100,
          800,
          i -> {
            try (var _ = TensorScope.open()) {
              model.runWithHooks(tokens, failing);
            } catch (IllegalArgumentException e) {
              assertThat(e).hasMessageContaining("blocks.0.attn.hook_z");
            }
          });
    }
  }

  @Test
  void generationKeepsMemoryFlat() throws IOException {
    try (var model = tiny("llama")) {
      var tokens = RandomModels.tokens(model.config(), 1, PaddingSide.RIGHT, lengths(24, 5));
      // No scope is open: generation needs none.
      assertFlat(
          30,
          150,
          i ->
              assertThat(model.generate(tokens, GenerateOptions.random(10, i)).getFirst())
                  .hasSize(10));
    }
  }

  @Test
  void loadingAndClosingKeepsMemoryFlat(@TempDir Path folder) throws IOException {
    Gpt2Folder.write(folder, 1);
    TokenizerFixtures.tiny(folder).close();
    assertFlat(
        30,
        300,
        i -> {
          try (var model = HookedTransformer.load(folder.toString());
              var raw = model.process(WeightProcessing.none());
              var _ = TensorScope.open()) {
            assertThat(raw.run(Tokens.of(new long[] {1, 2})).dim()).isEqualTo(3);
          }
        });
  }

  @Test
  void whatARunReturnsOutsideAnyScopeStaysUsable() {
    try (var model = tiny("gpt2")) {
      var tokens = RandomModels.tokens(model.config(), 1, PaddingSide.LEFT, 6);
      var run = model.runWithCache(tokens, CacheFilter.all());
      var other = model.runWithCache(tokens, CacheFilter.all());
      assertThat(run.output().toDoubles()).containsExactly(other.output().toDoubles());
      run.cache().points().forEach(point -> run.cache().get(point).free());
      assertThat(other.cache().get(HookPoint.z(0)).toDoubles()).hasSize(6 * 4 * 6);
    }
  }

  @Test
  void whatAHookTakesOutOutlivesTheRun() {
    try (var model = tiny("gpt2")) {
      var tokens = RandomModels.tokens(model.config(), 1, PaddingSide.LEFT, 6);
      var taken = new ArrayList<Tensor>();
      try (var _ = TensorScope.open()) {
        model.runWithHooks(
            tokens,
            Hooks.none().read(HookPoint.z(0), (z, at) -> taken.add(TensorScope.unscoped(z))));
      }
      assertThat(taken.getFirst().shape()).containsExactly(1, 6, 4, 6);
      assertThat(taken.getFirst().toDoubles()).doesNotContain(Double.NaN);
      taken.getFirst().free();
    }
  }

  @Test
  void threadsMayShareAModel() throws Exception {
    try (var model = tiny("gpt2");
        var pool = Executors.newFixedThreadPool(4)) {
      var tokens = RandomModels.tokens(model.config(), 1, PaddingSide.LEFT, 12, 7);
      double[] plain = logits(model, tokens, Hooks.none());
      var tasks = new ArrayList<Callable<Boolean>>();
      for (int t = 0; t < 8; t++) {
        int head = t % 4;
        var hooks =
            Hooks.none()
                .replace(
                    HookPoint.z(0), (z, at) -> z.withSelect(2, head, z.select(2, head).mul(2)));
        double[] expected = logits(model, tokens, hooks);
        assertThat(expected).isNotEqualTo(plain);
        tasks.add(() -> {
          for (int i = 0; i < 60; i++) {
            if (!Arrays.equals(logits(model, tokens, hooks), expected)) {
              return false;
            }
          }
          return true;
        });
      }
      for (var task : pool.invokeAll(tasks)) {
        assertThat(task.get()).isTrue();
      }
      assertThat(logits(model, tokens, Hooks.none())).containsExactly(plain);
    }
  }

  private static double[] logits(HookedTransformer model, Tokens tokens, Hooks hooks) {
    try (var _ = TensorScope.open()) {
      return model.runWithHooks(tokens, hooks).toDoubles();
    }
  }
}
