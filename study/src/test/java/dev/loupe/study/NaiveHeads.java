package dev.loupe.study;

import dev.loupe.lens.Head;
import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Hooks;
import dev.loupe.model.Run;
import dev.loupe.model.Tokens;
import dev.loupe.task.TaskExample;
import dev.loupe.tensor.TensorScope;

/** What studies measure of one prompt, by whole forward passes: slow and obvious. */
public final class NaiveHeads {
  private final HookedTransformer model;
  private final Tokens clean;
  private final Tokens corrupted;

  /** Takes the prompts of an example, each alone and so without pads. */
  public NaiveHeads(HookedTransformer model, TaskExample example) {
    this.model = model;
    clean = Tokens.of(example.clean().idArray());
    corrupted = Tokens.of(example.corrupted().idArray());
  }

  public double[] clean() {
    return logits(clean, Hooks.none());
  }

  public double[] corrupted() {
    return logits(corrupted, Hooks.none());
  }

  /** Returns the logits of the corrupted prompt with the clean z of a head at all positions. */
  public double[] denoised(Head head) {
    try (var _ = TensorScope.open()) {
      var z = model.runWithCache(clean, CacheFilter.kinds(Kind.Z)).cache();
      var hooks =
          Hooks.none()
              .replace(
                  HookPoint.z(head.layer()),
                  (value, at) ->
                      value.withSelect(2, head.index(), z.get(at).select(2, head.index())));
      return logits(corrupted, hooks);
    }
  }

  /** Returns the logits of the clean prompt, all heads held but one, which is as if corrupted. */
  public double[] alongDirectPath(Head head) {
    try (var _ = TensorScope.open()) {
      var held = model.runWithCache(clean, CacheFilter.kinds(Kind.Z)).cache();
      var sent = model.runWithCache(corrupted, CacheFilter.kinds(Kind.Z)).cache();
      var hooks = Hooks.none();
      for (int layer = 0; layer < model.config().nLayers(); layer++) {
        hooks =
            hooks.replace(
                HookPoint.z(layer),
                (_, at) ->
                    at.layer() == head.layer()
                        ? held.get(at)
                            .withSelect(2, head.index(), sent.get(at).select(2, head.index()))
                        : held.get(at));
      }
      return logits(clean, hooks);
    }
  }

  private double[] logits(Tokens tokens, Hooks hooks) {
    try (var _ = TensorScope.open()) {
      var run = Run.of(tokens).withHooks(hooks).returning(Run.Returns.LAST_LOGITS);
      return model.run(run).output().toDoubles();
    }
  }
}
