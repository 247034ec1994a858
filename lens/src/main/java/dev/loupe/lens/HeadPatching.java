package dev.loupe.lens;

import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Hooks;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;

/**
 * Denoising by head: each head's z at the last token is taken from the clean run into the corrupted
 * one, and the metric says how much of the behaviour that brings back.
 */
public final class HeadPatching {
  // Enough rows for large matrix products, few enough that a batch of logits stays small.
  private static final int ROWS = 64;

  private final HookedTransformer model;
  private final PromptPairs pairs;

  /** Prepares the patching of every head of a model. */
  public HeadPatching(HookedTransformer model, PromptPairs pairs) {
    this.model = model;
    this.pairs = pairs;
  }

  /**
   * Patches every head in turn. What comes before the last token is the same in every patched run:
   * its keys and values are computed once, and each run reads the last token only.
   *
   * @throws IllegalArgumentException if a prompt has only one token
   * @throws CancellationException if the thread is interrupted
   */
  public HeadEffects run(Progress progress) {
    var config = model.config();
    var patched = new double[config.nLayers()][config.nHeads()][pairs.size()];
    var clean = new double[pairs.size()];
    var corrupted = new double[pairs.size()];
    var top = new boolean[pairs.size()];
    long total = (long) config.nLayers() * config.nHeads() * ((pairs.size() + ROWS - 1) / ROWS);
    long done = 0;
    for (int from = 0; from < pairs.size(); from += ROWS) {
      int to = Math.min(from + ROWS, pairs.size());
      var part = pairs.rows(from, to);
      try (var _ = TensorScope.open();
          var cleanEnd = new LastToken(model, part.clean());
          var corruptedEnd = new LastToken(model, part.corrupted())) {
        var cleanRun = cleanEnd.run(CacheFilter.kinds(Kind.Z));
        System.arraycopy(part.metric().of(cleanRun.output()), 0, clean, from, to - from);
        System.arraycopy(part.metric().isTop(cleanRun.output()), 0, top, from, to - from);
        double[] base = part.metric().of(corruptedEnd.logits(Hooks.none()));
        System.arraycopy(base, 0, corrupted, from, to - from);
        for (int layer = 0; layer < config.nLayers(); layer++) {
          var cleanZ = cleanRun.cache().get(HookPoint.z(layer));
          for (int head = 0; head < config.nHeads(); head++) {
            if (Thread.currentThread().isInterrupted()) {
              throw new CancellationException("interrupted after " + done + " of " + total);
            }
            double[] metric = patched(corruptedEnd, part.metric(), new Head(layer, head), cleanZ);
            System.arraycopy(metric, 0, patched[layer][head], from, to - from);
            progress.at(++done, total);
          }
        }
      }
    }
    return HeadEffects.of(clean, corrupted, top, patched);
  }

  private static double[] patched(LastToken end, LogitDifference metric, Head head, Tensor cleanZ) {
    try (var _ = TensorScope.open()) {
      var value = cleanZ.select(2, head.index());
      var hooks =
          Hooks.none()
              .replace(HookPoint.z(head.layer()), (z, at) -> z.withSelect(2, head.index(), value));
      return metric.of(end.logits(hooks));
    }
  }

  /**
   * Knocks heads out: their z at the last token is set to its mean over the clean prompts.
   *
   * @return the logit difference of the clean prompts with those heads knocked out
   */
  public Estimate knockOut(List<Head> heads) {
    heads.forEach(head -> head.requireIn(model.config()));
    var metric = new double[pairs.size()];
    try (var _ = TensorScope.open()) {
      var means = meanZ();
      var hooks = Hooks.none();
      for (var head : heads) {
        // [1, d_head], for every prompt
        var mean = means.get(head.layer()).narrow(0, head.index(), 1);
        hooks =
            hooks.replace(
                HookPoint.z(head.layer()),
                (z, at) ->
                    z.withSelect(
                        2, head.index(), mean.expand(z.size(0), 1, model.config().dHead())));
      }
      for (int from = 0; from < pairs.size(); from += ROWS) {
        int to = Math.min(from + ROWS, pairs.size());
        var part = pairs.rows(from, to);
        try (var _ = TensorScope.open();
            var end = new LastToken(model, part.clean())) {
          System.arraycopy(part.metric().of(end.logits(hooks)), 0, metric, from, to - from);
        }
      }
    }
    return Estimate.of(metric);
  }

  /** Returns the mean over clean prompts of z at the last token, [head, d_head] a layer. */
  private List<Tensor> meanZ() {
    var sums = new ArrayList<Tensor>();
    for (int from = 0; from < pairs.size(); from += ROWS) {
      var part = pairs.clean().rows(from, Math.min(from + ROWS, pairs.size()));
      try (var scope = TensorScope.open();
          var end = new LastToken(model, part)) {
        var cache = end.cache(CacheFilter.kinds(Kind.Z));
        for (int layer = 0; layer < model.config().nLayers(); layer++) {
          var sum = cache.get(HookPoint.z(layer)).sum(0, 1);
          if (from == 0) {
            sums.add(scope.keep(sum));
          } else {
            sums.set(layer, scope.keep(sums.get(layer).add(sum)));
          }
        }
      }
    }
    return sums.stream().map(sum -> sum.div(pairs.size())).toList();
  }
}
