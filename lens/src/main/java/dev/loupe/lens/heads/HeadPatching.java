package dev.loupe.lens.heads;

import dev.loupe.lens.At;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.sweep.Patching;
import dev.loupe.lens.sweep.Sweep;
import dev.loupe.lens.sweep.SweepOptions;
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

/**
 * Denoising by head: each head's z at the last token is taken from the clean run into the corrupted
 * one, and the logit difference says how much of the behaviour that brings back.
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
   * Patches every head in turn.
   *
   * @throws IllegalStateException if the model does not tell clean from corrupted prompts
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   */
  public HeadEffects run(Progress progress) {
    return run(SweepOptions.standard(), progress);
  }

  /**
   * Patches every head in turn, the sweep carried out as the options say.
   *
   * @throws IllegalStateException if the model does not tell clean from corrupted prompts
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   */
  public HeadEffects run(SweepOptions options, Progress progress) {
    var config = model.config();
    var grid = new Patching(config, pairs).heads(Kind.Z, At.END);
    var sweep = Sweep.of(grid, pairs, PatchDirection.DENOISING, StandardMetric.LOGIT_DIFFERENCE);
    var result = sweep.run(model, options, progress);
    var patched = new double[config.nLayers()][config.nHeads()][];
    for (int cell = 0; cell < result.size(); cell++) {
      patched[cell / config.nHeads()][cell % config.nHeads()] = result.byPrompt(cell);
    }
    return HeadEffects.of(
        result.cleanByPrompt(), result.corruptedByPrompt(), topAccuracy(), patched);
  }

  private double topAccuracy() {
    double top = 0;
    for (var part : parts()) {
      try (var _ = TensorScope.open()) {
        var logits = model.run(Run.of(part.clean()).returning(Run.Returns.LAST_LOGITS)).output();
        for (double is : StandardMetric.ACCURACY.ofLogits(logits, part.answers())) {
          top += is;
        }
      }
    }
    return top / pairs.size();
  }

  private List<PromptPairs> parts() {
    var parts = new ArrayList<PromptPairs>();
    for (int from = 0; from < pairs.size(); from += ROWS) {
      parts.add(pairs.rows(from, Math.min(from + ROWS, pairs.size())));
    }
    return parts;
  }

  /**
   * Knocks heads out: their z at the last token is set to its mean over the clean prompts, each at
   * its own last token.
   *
   * @return the logit difference of the clean prompts with those heads knocked out
   */
  public Estimate knockOut(List<Head> heads) {
    heads.forEach(head -> head.requireIn(model.config()));
    var metric = new ArrayList<Double>();
    try (var _ = TensorScope.open()) {
      var means = meanZ();
      for (var part : parts()) {
        try (var _ = TensorScope.open()) {
          var run =
              Run.of(part.clean())
                  .withHooks(knockingOut(heads, means, part.clean()))
                  .returning(Run.Returns.LAST_LOGITS);
          var logits = model.run(run).output();
          for (double value : StandardMetric.LOGIT_DIFFERENCE.ofLogits(logits, part.answers())) {
            metric.add(value);
          }
        }
      }
    }
    return Estimate.of(metric.stream().mapToDouble(Double::doubleValue).toArray());
  }

  private static Hooks knockingOut(List<Head> heads, List<Tensor> means, Tokens tokens) {
    var last = new boolean[tokens.batch() * tokens.length()];
    for (int row = 0; row < tokens.batch(); row++) {
      last[row * tokens.length() + tokens.last(row)] = true;
    }
    var mask = Tensors.of(last, tokens.batch(), tokens.length(), 1);
    var hooks = Hooks.none();
    for (var head : heads) {
      // [d_head], for every prompt
      var mean = means.get(head.layer()).select(0, head.index());
      hooks =
          hooks.replace(
              HookPoint.z(head.layer()),
              (z, at) -> {
                var old = z.select(2, head.index());
                var knocked = Tensors.where(mask.to(z.device()), mean.expand(old.shape()), old);
                return z.withSelect(2, head.index(), knocked);
              });
    }
    return hooks;
  }

  /** Returns the mean over clean prompts of z at the last token, [head, d_head] a layer. */
  private List<Tensor> meanZ() {
    var sums = new ArrayList<Tensor>();
    for (var part : parts()) {
      try (var scope = TensorScope.open()) {
        var run =
            Run.of(part.clean())
                .caching(CacheFilter.kinds(Kind.Z).atLast())
                .returning(Run.Returns.NOTHING);
        var cache = model.run(run).cache();
        for (int layer = 0; layer < model.config().nLayers(); layer++) {
          var sum = cache.get(HookPoint.z(layer)).sum(0, 1);
          if (sums.size() == layer) {
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
