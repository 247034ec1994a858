package dev.loupe.model;

import dev.loupe.tensor.Tensor;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * One forward pass as a value: what goes in, what is changed and kept on the way, what comes out.
 *
 * @param input tokens, or a residual stream to go on from
 * @param hooks what is read or replaced
 * @param cache what is kept
 * @param returns what is computed at the end
 * @param stopAtLayer the block before which the run ends, negative from the last; its output is
 *     then the residual stream that this block would receive
 * @param keyValueCache keys and values of the tokens before
 */
public record Run(
    Input input,
    Hooks hooks,
    CacheFilter cache,
    Returns returns,
    OptionalInt stopAtLayer,
    Optional<KeyValueCache> keyValueCache) {

  /** Where a run begins. */
  public sealed interface Input {
    /**
     * At the embedding.
     *
     * @param tokens the batch
     */
    record FromTokens(Tokens tokens) implements Input {}

    /**
     * At a block.
     *
     * @param residual what the block receives, [batch, pos, d_model]
     * @param layer the block, negative from the last
     * @param tokens the batch it belongs to, for its padding and for a loss
     */
    record FromResidual(Tensor residual, int layer, Optional<Tokens> tokens) implements Input {}
  }

  /** What a run computes at its end. */
  public enum Returns {
    /** Logits of every position, [batch, pos, d_vocab]. */
    LOGITS,
    /** Logits of the last token of every row, [batch, d_vocab]. */
    LAST_LOGITS,
    /**
     * The residual stream of the last token of every row before the final norm, [batch, d_model].
     */
    LAST_RESIDUAL,
    /** The mean over all tokens but each row's first of -log p(token), a single number, in nats. */
    LOSS,
    /** -log p of each next token, [batch, pos - 1], in nats; 0 where a pad is concerned. */
    LOSS_PER_TOKEN,
    /** Nothing: the run ends after the last block that a hook or the cache asks for. */
    NOTHING
  }

  /** Returns a plain run over tokens that gives logits. */
  public static Run of(Tokens tokens) {
    return of(new Input.FromTokens(tokens));
  }

  /** Returns a plain run that goes on from {@code residual} at block {@code layer}. */
  public static Run startAtLayer(int layer, Tensor residual) {
    return of(new Input.FromResidual(residual, layer, Optional.empty()));
  }

  /** Returns a plain run that goes on from {@code residual}, computed of {@code tokens}. */
  public static Run startAtLayer(int layer, Tensor residual, Tokens tokens) {
    return of(new Input.FromResidual(residual, layer, Optional.of(tokens)));
  }

  private static Run of(Input input) {
    return new Run(
        input,
        Hooks.none(),
        CacheFilter.none(),
        Returns.LOGITS,
        OptionalInt.empty(),
        Optional.empty());
  }

  /** Returns this run with these hooks in place of its own. */
  public Run withHooks(Hooks newHooks) {
    return new Run(input, newHooks, cache, returns, stopAtLayer, keyValueCache);
  }

  /** Returns this run keeping what {@code filter} says. */
  public Run caching(CacheFilter filter) {
    return new Run(input, hooks, filter, returns, stopAtLayer, keyValueCache);
  }

  /** Returns this run giving something else. */
  public Run returning(Returns newReturns) {
    return new Run(input, hooks, cache, newReturns, stopAtLayer, keyValueCache);
  }

  /** Returns this run ending before block {@code layer}. */
  public Run stoppingAt(int layer) {
    return new Run(input, hooks, cache, returns, OptionalInt.of(layer), keyValueCache);
  }

  /** Returns this run reading and extending a key and value cache. */
  public Run withKeyValueCache(KeyValueCache newCache) {
    return new Run(input, hooks, cache, returns, stopAtLayer, Optional.of(newCache));
  }

  /** Returns the tokens, where there are any. */
  public Optional<Tokens> tokens() {
    return switch (input) {
      case Input.FromTokens from -> Optional.of(from.tokens());
      case Input.FromResidual from -> from.tokens();
    };
  }
}
