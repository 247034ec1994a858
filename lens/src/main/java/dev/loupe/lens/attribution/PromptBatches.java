package dev.loupe.lens.attribution;

import dev.loupe.lens.Interruption;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.SameLength;
import dev.loupe.model.ActivationCache;
import dev.loupe.model.CacheFilter;
import dev.loupe.model.Decomposition;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Hooks;
import dev.loupe.model.NormScale;
import dev.loupe.model.ResidReader;
import dev.loupe.model.Run;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.util.Set;
import java.util.function.Consumer;

/** Runs clean prompts a few of one length at a time, and keeps their last tokens alone. */
final class PromptBatches {
  private final HookedTransformer model;
  private final PromptPairs prompts;
  private final AttributionTarget target;

  PromptBatches(HookedTransformer model, PromptPairs prompts, AttributionTarget target) {
    this.model = model;
    this.prompts = prompts;
    this.target = target;
  }

  /** Hands over all batches, each in a scope of its own. */
  void each(Progress progress, Consumer<Batch> work) {
    int done = 0;
    progress.at(0, prompts.size());
    for (int[] rows : SameLength.batches(prompts.clean())) {
      Interruption.check("logits were attributed");
      try (var _ = TensorScope.open()) {
        work.accept(new Batch(rows));
      }
      done += rows.length;
      progress.at(done, prompts.size());
    }
  }

  /** Hands over a run of all prompts, of one length, that was made. */
  Ran ran(ActivationCache whole) {
    var cache = whole.positions(prompts.clean().length() - 1, 1);
    var residual = cache.get(HookPoint.residPost(model.config().nLayers() - 1)).squeeze(1);
    return new Ran(cache, residual, AnswerDirections.of(model, target, prompts.answers()));
  }

  /** Prompts of one length. */
  final class Batch {
    private final int[] rows;
    private final Tokens tokens;
    private final AnswerDirections directions;

    private Batch(int... rows) {
      this.rows = rows;
      tokens = SameLength.unpadded(prompts.clean(), rows);
      directions = AnswerDirections.of(model, target, prompts.answers().rows(rows));
    }

    /** Returns which prompts these are. */
    int[] rows() {
      return rows.clone();
    }

    AnswerDirections directions() {
      return directions;
    }

    /** Runs them, keeping what is of these kinds, where the model has it. */
    Ran run(Hooks hooks, Kind... kinds) {
      var wanted = Set.of(kinds);
      var filter =
          CacheFilter.where(
              point -> wanted.contains(point.kind()) || point.kind() == Kind.LN_FINAL_SCALE);
      var run =
          Run.of(tokens)
              .withHooks(hooks)
              .caching(filter.atLast())
              .returning(Run.Returns.LAST_RESIDUAL);
      var result = model.run(run);
      return new Ran(result.cache(), result.output(), directions);
    }
  }

  /** A run of a batch: what was kept of the last tokens, and what comes out of the last block. */
  final class Ran {
    private final ActivationCache cache;
    private final Tensor residual;
    private final AnswerDirections directions;

    private Ran(ActivationCache cache, Tensor residual, AnswerDirections directions) {
      this.cache = cache;
      this.residual = residual;
      this.directions = directions;
    }

    ActivationCache cache() {
      return cache;
    }

    /** Returns what embeddings and blocks add. */
    Decomposition whole(Decomposition.Parts parts) {
      return cache.decomposeResid(ResidReader.unembedding(), parts);
    }

    /** Returns what parts add to the target, [component, prompt]. */
    Tensor along(Decomposition parts) {
      return parts.normalized(NormScale.CACHED).projectRows(directions.directions()).squeeze(2);
    }

    /** Returns what biases of the residual stream and those after it add, [prompt]. */
    Tensor constants(Tensor biases) {
      var spread = biases.unsqueeze(0).expand(residual.shape());
      return directions.along(model.math().normalized(spread, scale())).add(directions.constants());
    }

    /** Returns what the final norm divides by, [prompt, 1]. */
    Tensor scale() {
      return cache.get(HookPoint.of(Kind.LN_FINAL_SCALE)).squeeze(1);
    }

    /** Returns the target itself, [prompt]. */
    Tensor total() {
      return directions.along(model.math().normalized(residual)).add(directions.constants());
    }
  }
}
