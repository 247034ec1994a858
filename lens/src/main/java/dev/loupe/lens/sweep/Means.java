package dev.loupe.lens.sweep;

import dev.loupe.lens.Change;
import dev.loupe.lens.PatchDirection;
import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Run;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.DType;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** The means that a sweep puts in the place of activations. */
final class Means implements AutoCloseable {
  private static final int ROWS = 32;

  private final Held held = new Held();
  // [d...] of each point
  private final Map<HookPoint, Tensor> everything = new HashMap<>();
  // [template, pos, d...] of each point
  private final Map<HookPoint, Tensor> byTemplate = new HashMap<>();
  private final Map<String, Integer> templates = new LinkedHashMap<>();
  private int positions;

  private Means() {}

  /** Returns means over the reference prompts of a sweep, of the points that it needs. */
  static Means of(
      Sweep sweep, HookedTransformer model, Set<HookPoint> points, Cancellation cancellation) {
    var means = new Means();
    try (var _ = TensorScope.open()) {
      if (!points.isEmpty()) {
        means.compute(sweep, model, points, cancellation);
      }
      return means;
    } catch (RuntimeException | Error e) {
      means.close();
      throw e;
    }
  }

  private void compute(
      Sweep sweep, HookedTransformer model, Set<HookPoint> points, Cancellation cancellation) {
    var reference = sweep.reference();
    var tokens =
        sweep.direction() == PatchDirection.DENOISING ? reference.clean() : reference.corrupted();
    for (int row = 0; row < tokens.batch(); row++) {
      templates.putIfAbsent(reference.templates().get(row), templates.size());
    }
    var sums = new HashMap<HookPoint, Tensor>();
    positions = Math.max(tokens.length(), sweep.prompts().clean().length());
    var counts = new double[templates.size()][positions];
    for (int from = 0; from < tokens.batch(); from += ROWS) {
      cancellation.check();
      int to = Math.min(from + ROWS, tokens.batch());
      add(sums, model, tokens, from, to, reference.templates(), points);
      for (int row = from; row < to; row++) {
        int template = template(reference.templates().get(row));
        for (int i = 0; i < tokens.row(row).length; i++) {
          counts[template][i]++;
        }
      }
    }
    finish(sums, counts, positions, model.weights().wE().dtype());
  }

  private void add(
      Map<HookPoint, Tensor> sums,
      HookedTransformer model,
      Tokens tokens,
      int from,
      int to,
      List<String> names,
      Set<HookPoint> points) {
    try (var scope = TensorScope.open()) {
      var cache =
          model
              .run(
                  Run.of(tokens.rows(from, to))
                      .caching(CacheFilter.only(points.toArray(HookPoint[]::new)))
                      .returning(Run.Returns.NOTHING))
              .cache();
      for (var point : points) {
        // Half types lose what is added to a large sum.
        var kept = cache.get(point);
        var activation = kept.dtype().bytes() < 4 ? kept.to(DType.F32) : kept;
        var shape = activation.shape();
        shape[0] = templates.size();
        shape[1] = positions;
        var old = sums.get(point);
        var sum =
            old == null ? Tensors.zeros(activation.dtype(), shape).to(activation.device()) : old;
        for (int row = from; row < to; row++) {
          int length = tokens.row(row).length;
          var own = activation.select(0, row - from).narrow(0, tokens.start(row), length);
          int template = template(names.get(row));
          var before = sum.select(0, template);
          var after = before.withNarrow(0, 0, before.narrow(0, 0, length).add(own));
          sum = sum.withSelect(0, template, after);
        }
        sums.put(point, scope.keep(sum));
      }
    }
  }

  private void finish(Map<HookPoint, Tensor> sums, double[][] counts, int length, DType type) {
    double total = 0;
    var atLeastOne = new double[counts.length * length];
    for (int i = 0; i < atLeastOne.length; i++) {
      double count = counts[i / length][i % length];
      total += count;
      atLeastOne[i] = Math.max(1, count);
    }
    for (var entry : sums.entrySet()) {
      var sum = entry.getValue();
      var shape = new long[sum.dim()];
      Arrays.fill(shape, 1);
      shape[0] = counts.length;
      shape[1] = length;
      everything.put(entry.getKey(), held.hold(sum.sum(0, 1).div(total).to(type)));
      var by = Tensors.of(atLeastOne, shape).to(sum.dtype()).to(sum.device());
      byTemplate.put(entry.getKey(), held.hold(sum.div(by).to(type)));
    }
  }

  private int template(String name) {
    return Objects.requireNonNull(templates.get(name));
  }

  /** Returns a mean for every prompt of a block, its positions from {@code start} on. */
  Tensor of(HookPoint point, Change.Over over, PromptBlock block, int start) {
    int length = block.length() - start;
    return switch (over) {
      case EVERYTHING -> {
        var mean = Objects.requireNonNull(everything.get(point));
        var inner = mean.shape();
        var spread = new long[inner.length + 2];
        System.arraycopy(inner, 0, spread, 2, inner.length);
        spread[0] = block.size();
        spread[1] = length;
        yield mean.unsqueeze(0).unsqueeze(0).expand(spread);
      }
      case TEMPLATE_AND_POSITION -> {
        // The plan has seen that there is a mean wherever one is put.
        long[] which =
            block.templates().stream().mapToLong(t -> templates.getOrDefault(t, 0)).toArray();
        yield Objects.requireNonNull(byTemplate.get(point))
            .indexSelect(0, which)
            .narrow(1, start, length);
      }
    };
  }

  @Override
  public void close() {
    held.close();
  }
}
