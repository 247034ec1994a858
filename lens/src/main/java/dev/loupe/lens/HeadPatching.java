package dev.loupe.lens;

import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Hooks;
import dev.loupe.model.Run;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
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
   * Patches every head in turn. Each run starts at the layer of its head from the residual stream
   * of the corrupted run: what comes before is the same.
   *
   * @throws CancellationException if the thread is interrupted
   */
  public HeadEffects run(Progress progress) {
    var config = model.config();
    int layers = config.nLayers();
    int heads = config.nHeads();
    var patched = new double[layers][heads][pairs.size()];
    var clean = new double[pairs.size()];
    var corrupted = new double[pairs.size()];
    var top = new boolean[pairs.size()];
    long total = (long) layers * heads * ((pairs.size() + ROWS - 1) / ROWS);
    long done = 0;
    for (int from = 0; from < pairs.size(); from += ROWS) {
      int to = Math.min(from + ROWS, pairs.size());
      var part = pairs.rows(from, to);
      try (var _ = TensorScope.open()) {
        var cleanRun =
            model.run(
                Run.of(part.clean())
                    .caching(CacheFilter.kinds(Kind.Z).atLast())
                    .returning(Run.Returns.LAST_LOGITS));
        System.arraycopy(part.metric().of(cleanRun.output()), 0, clean, from, to - from);
        System.arraycopy(part.metric().isTop(cleanRun.output()), 0, top, from, to - from);
        var base =
            model.run(
                Run.of(part.corrupted())
                    .caching(CacheFilter.kinds(Kind.RESID_PRE))
                    .returning(Run.Returns.LAST_LOGITS));
        System.arraycopy(part.metric().of(base.output()), 0, corrupted, from, to - from);
        for (int layer = 0; layer < layers; layer++) {
          var residual = base.cache().get(HookPoint.residPre(layer));
          var values = cleanRun.cache().get(HookPoint.z(layer));
          for (int head = 0; head < heads; head++) {
            if (Thread.currentThread().isInterrupted()) {
              throw new CancellationException("interrupted after " + done + " of " + total);
            }
            double[] metric = patched(part, layer, head, residual, values);
            System.arraycopy(metric, 0, patched[layer][head], from, to - from);
            progress.at(++done, total);
          }
        }
      }
    }
    return HeadEffects.of(clean, corrupted, top, patched);
  }

  private double[] patched(PromptPairs part, int layer, int head, Tensor residual, Tensor cleanZ) {
    try (var _ = TensorScope.open()) {
      var hooks =
          Hooks.none()
              .replace(
                  HookPoint.z(layer),
                  (z, at) -> withHeadAtLast(z, part.corrupted(), head, cleanZ.select(2, head)));
      var run =
          Run.startAtLayer(layer, residual, part.corrupted())
              .withHooks(hooks)
              .returning(Run.Returns.LAST_LOGITS);
      return part.metric().of(model.run(run).output());
    }
  }

  /**
   * Returns z with one head's value at each row's last token replaced.
   *
   * @param value [batch or 1, 1, d_head]
   */
  static Tensor withHeadAtLast(Tensor z, Tokens tokens, int head, Tensor value) {
    var old = z.select(2, head);
    var last = isLast(tokens, z);
    return z.withSelect(2, head, Tensors.where(last, value.expand(old.shape()), old));
  }

  private static Tensor isLast(Tokens tokens, Tensor like) {
    int batch = tokens.batch();
    int length = tokens.length();
    var flat = new boolean[batch * length];
    for (int row = 0; row < batch; row++) {
      flat[row * length + tokens.last(row)] = true;
    }
    return Tensors.of(flat, batch, length, 1).to(like.device());
  }

  /**
   * Knocks heads out: their z at the last token is set to its mean over the clean prompts.
   *
   * @return the logit difference of every clean prompt with those heads knocked out
   */
  public Estimate knockOut(List<Head> heads) {
    heads.forEach(head -> head.requireIn(model.config()));
    var metric = new ArrayList<Double>();
    try (var _ = TensorScope.open()) {
      var means = meanZ();
      for (int from = 0; from < pairs.size(); from += ROWS) {
        var part = pairs.rows(from, Math.min(from + ROWS, pairs.size()));
        var hooks = Hooks.none();
        for (var head : heads) {
          var mean = means.get(head.layer()).narrow(1, head.index(), 1);
          hooks =
              hooks.replace(
                  HookPoint.z(head.layer()),
                  (z, at) -> withHeadAtLast(z, part.clean(), head.index(), mean));
        }
        try (var _ = TensorScope.open()) {
          var run = Run.of(part.clean()).withHooks(hooks).returning(Run.Returns.LAST_LOGITS);
          for (double value : part.metric().of(model.run(run).output())) {
            metric.add(value);
          }
        }
      }
    }
    return Estimate.of(metric.stream().mapToDouble(Double::doubleValue).toArray());
  }

  /** Returns the mean over clean prompts of z at the last token, [1, head, d_head] a layer. */
  private List<Tensor> meanZ() {
    int layers = model.config().nLayers();
    var sums = new ArrayList<Tensor>();
    for (int from = 0; from < pairs.size(); from += ROWS) {
      var part = pairs.clean().rows(from, Math.min(from + ROWS, pairs.size()));
      var cache =
          model
              .run(
                  Run.of(part)
                      .caching(CacheFilter.kinds(Kind.Z).atLast())
                      .returning(Run.Returns.NOTHING))
              .cache();
      for (int layer = 0; layer < layers; layer++) {
        var sum = cache.get(HookPoint.z(layer)).sum(0);
        if (from == 0) {
          sums.add(sum);
        } else {
          sums.set(layer, sums.get(layer).add(sum));
        }
      }
    }
    return sums.stream().map(sum -> sum.div(pairs.size())).toList();
  }
}
