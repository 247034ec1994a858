package dev.loupe.lens;

import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Hooks;
import dev.loupe.model.KeyValueCache;
import dev.loupe.model.Run;
import dev.loupe.model.RunResult;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;

/**
 * The last tokens of a batch, with the keys and values of what stands before them computed once: an
 * intervention at the last token changes nothing before it.
 */
final class LastToken implements AutoCloseable {
  private final HookedTransformer model;
  private final Tokens last;
  private final KeyValueCache before = new KeyValueCache();

  LastToken(HookedTransformer model, Tokens tokens) {
    this.model = model;
    last = tokens.lastTokens();
    try (var _ = TensorScope.open()) {
      model.run(
          Run.of(tokens.withoutLast()).withKeyValueCache(before).returning(Run.Returns.NOTHING));
    }
    before.freeze();
  }

  /** Returns the logits of the last tokens, [batch, d_vocab]. */
  Tensor logits(Hooks hooks) {
    return run(hooks, CacheFilter.none()).output();
  }

  /** Runs the last tokens; activations kept have one position. */
  RunResult run(Hooks hooks, CacheFilter filter) {
    return model.run(
        Run.of(last)
            .withKeyValueCache(before)
            .withHooks(hooks)
            .caching(filter)
            .returning(Run.Returns.LAST_LOGITS));
  }

  @Override
  public void close() {
    before.close();
  }
}
