package dev.loupe.bench;

import dev.loupe.model.HookedTransformer;
import dev.loupe.model.LoadOptions;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.DType;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A forward pass of GPT-2 small's shape beside a large matrix product, all cores each. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 3)
@Fork(
    value = 1,
    jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC"})
public class ForwardBenchmark {
  static final int BATCH = 8;
  static final int LENGTH = 16;
  static final int SIDE = 2048;

  private final SplittableRandom random = new SplittableRandom(0);
  private final HookedTransformer model =
      HookedTransformer.load(Gpt2Small.folder().toString(), LoadOptions.standard().raw());
  private final Tokens tokens = tokens(random);
  private final TensorScope scope = TensorScope.open();
  private final Tensor square = Tensors.randn(random, 1, DType.F32, SIDE, SIDE);

  private static Tokens tokens(SplittableRandom random) {
    var rows = new long[BATCH][LENGTH];
    for (var row : rows) {
      for (int i = 0; i < LENGTH; i++) {
        row[i] = random.nextInt(Gpt2Small.D_VOCAB);
      }
    }
    return Tokens.of(rows);
  }

  /** Frees the model. */
  @TearDown(Level.Trial)
  public void tearDown() {
    scope.close();
    model.close();
  }

  /** 8 prompts of 16 tokens, logits of every position. */
  @Benchmark
  public long forward() {
    try (var _ = TensorScope.open()) {
      return model.run(tokens).numel();
    }
  }

  /** A product of two square matrices of 2,048. */
  @Benchmark
  public long matrixProduct() {
    try (var _ = TensorScope.open()) {
      return square.matmul(square).numel();
    }
  }
}
