package dev.loupe.lens;

import dev.loupe.model.ActivationCache;
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
    } catch (RuntimeException | Error e) {
      before.close();
      throw e;
    }
    before.freeze();
  }

  /** Returns the logits of the last tokens, [batch, d_vocab]. */
  Tensor logits(Hooks hooks) {
    return model.run(run().withHooks(hooks).returning(Run.Returns.LAST_LOGITS)).output();
  }

  /** Returns activations of the last tokens, of one position, without computing logits. */
  ActivationCache cache(CacheFilter filter) {
    return model.run(run().caching(filter).returning(Run.Returns.NOTHING)).cache();
  }

  /** Returns the logits of the last tokens, and activations, which have one position. */
  RunResult run(CacheFilter filter) {
    return model.run(run().caching(filter).returning(Run.Returns.LAST_LOGITS));
  }

  private Run run() {
    return Run.of(last).withKeyValueCache(before);
  }

  @Override
  public void close() {
    before.close();
  }
}
