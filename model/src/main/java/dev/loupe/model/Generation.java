package dev.loupe.model;

import dev.loupe.tensor.DType;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Continues rows of tokens, one token at a time. */
final class Generation {
  private final HookedTransformer model;
  private final GenerateOptions options;
  private final SplittableRandom random;

  Generation(HookedTransformer model, GenerateOptions options) {
    this.model = model;
    this.options = options;
    random =
        new SplittableRandom(
            options.sampling() instanceof GenerateOptions.Sampling.Random r ? r.seed() : 0);
  }

  List<long[]> continueRows(Tokens given, GenerateOptions.Listener listener) {
    int longest = given.length() + options.maxNewTokens();
    if (longest > model.config().nCtx()) {
      throw new IllegalArgumentException(
          given.length()
              + " tokens and "
              + options.maxNewTokens()
              + " new ones: this model reads"
              + " at most "
              + model.config().nCtx());
    }
    // Rows grow at their end, so padding goes before them.
    int batch = given.batch();
    var tokens =
        given.isPadded() && given.side() == PaddingSide.RIGHT
            ? Tokens.padded(
                PaddingSide.LEFT,
                given.row(0)[0],
                IntStream.range(0, batch).mapToObj(given::row).toList())
            : given;
    var found = Stream.generate(() -> new long[0]).limit(batch).toArray(long[][]::new);
    var finished = new boolean[batch];
    // Keys held are of no use where a longer sequence turns them by other angles.
    boolean cached =
        options.useKeyValueCache() && RotaryTable.alike(model.config(), given.length(), longest);
    try (var cache = new KeyValueCache()) {
      var next = tokens;
      for (int step = 0; step < options.maxNewTokens(); step++) {
        long[] chosen = step(next, cached ? Optional.of(cache) : Optional.empty());
        for (int row = 0; row < batch; row++) {
          if (!finished[row]) {
            found[row] = append(found[row], chosen[row]);
            listener.onToken(row, chosen[row]);
            finished[row] = options.stopAtEos() && model.config().eosTokens().contains(chosen[row]);
          }
        }
        if (allTrue(finished)) {
          break;
        }
        tokens = tokens.append(chosen);
        next = cached ? column(chosen) : tokens;
      }
    }
    return List.of(found);
  }

  private long[] step(Tokens next, Optional<KeyValueCache> cache) {
    try (var _ = TensorScope.open()) {
      var run = Run.of(next).returning(Run.Returns.LAST_LOGITS);
      var logits = model.run(cache.map(run::withKeyValueCache).orElse(run)).output();
      return switch (options.sampling()) {
        case GenerateOptions.Sampling.Greedy greedy -> logits.argmax(-1).toLongs();
        case GenerateOptions.Sampling.Random sampling -> sample(logits, sampling);
      };
    }
  }

  private long[] sample(Tensor logits, GenerateOptions.Sampling.Random sampling) {
    // The largest logit goes first, so that no temperature overflows.
    var wide = logits.to(DType.F64);
    double[] p =
        wide.sub(wide.max(-1).unsqueeze(-1)).div(sampling.temperature()).softmax(-1).toDoubles();
    int size = (int) logits.size(1);
    var chosen = new long[(int) logits.size(0)];
    for (int row = 0; row < chosen.length; row++) {
      chosen[row] = sample(Arrays.copyOfRange(p, row * size, (row + 1) * size), sampling);
    }
    return chosen;
  }

  private int sample(double[] p, GenerateOptions.Sampling.Random sampling) {
    int[] order =
        IntStream.range(0, p.length)
            .boxed()
            .sorted((a, b) -> Double.compare(p[b], p[a]))
            .mapToInt(Integer::intValue)
            .limit(sampling.topK().orElse(p.length))
            .toArray();
    double kept = Arrays.stream(order).mapToDouble(i -> p[i]).sum();
    int count = 0;
    double nucleus = 0;
    while (count < order.length && nucleus < sampling.topP() * kept) {
      nucleus += p[order[count++]];
    }
    double draw = random.nextDouble() * nucleus;
    for (int i = 0; i < count; i++) {
      draw -= p[order[i]];
      if (draw < 0) {
        return order[i];
      }
    }
    return order[Math.max(0, count - 1)];
  }

  private static boolean allTrue(boolean[] values) {
    for (boolean value : values) {
      if (!value) {
        return false;
      }
    }
    return true;
  }

  private static long[] append(long[] row, long token) {
    var longer = Arrays.copyOf(row, row.length + 1);
    longer[row.length] = token;
    return longer;
  }

  private static Tokens column(long[] chosen) {
    return Tokens.of(Arrays.stream(chosen).mapToObj(t -> new long[] {t}).toArray(long[][]::new));
  }
}
