package dev.loupe.model;

import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

/**
 * A transformer language model in which every activation can be seen and changed. It never changes
 * itself and hooks belong to one call, so threads may share it. What a run returns belongs to the
 * {@link TensorScope} that was open when it was started.
 *
 * <pre>{@code
 * try (var model = HookedTransformer.load("demo"); var scope = TensorScope.open()) {
 *   var prompt = model.prompt("When Mary and John went to the store, John gave a drink to");
 *   var cache = model.runWithCache(Tokens.of(prompt), CacheFilter.all()).cache();
 *   System.out.println(cache.get(HookPoint.pattern(1)).describe());
 * }
 * }</pre>
 */
public final class HookedTransformer implements AutoCloseable {
  private final ModelConfig config;
  private final Weights weights;
  private final Optional<SharedTokenizer> tokenizer;
  private final Origin origin;
  private final ForwardPass forward;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final AtomicReference<Optional<Provenance>> provenance =
      new AtomicReference<>(Optional.empty());

  /** Takes the weights out of whatever scope they are in: they live until {@link #close}. */
  HookedTransformer(
      ModelConfig config, Weights weights, Optional<SharedTokenizer> tokenizer, Origin origin) {
    weights.requireFor(config);
    this.config = config;
    this.weights = weights.map(TensorScope::unscoped);
    this.tokenizer = tokenizer;
    this.origin = origin;
    tokenizer.ifPresent(SharedTokenizer::use);
    forward = new ForwardPass(config, this.weights);
  }

  // ---- Where it comes from

  /** Loads a model with {@link LoadOptions#standard}. */
  public static HookedTransformer load(String name) {
    return load(name, LoadOptions.standard());
  }

  /**
   * Loads a model.
   *
   * @param name an embedded model ({@code demo}), a folder with config.json, model.safetensors and
   *     tokenizer.json, or a hub name ({@code gpt2}, {@code EleutherAI/pythia-410m})
   * @throws IllegalArgumentException if there is no such model, or its config or tensors are not
   *     what Loupe computes
   * @throws dev.loupe.model.hub.HubException if the hub cannot deliver it
   * @throws dev.loupe.tensor.SafeTensorsException if its weight file is malformed
   */
  public static HookedTransformer load(String name, LoadOptions options) {
    return ModelLoader.load(name, options);
  }

  /**
   * Makes a model of weights in memory; {@code processing} is applied to them. The tokenizer stays
   * the caller's to close.
   *
   * @throws IllegalArgumentException if a parameter has not the shape that the config says
   */
  public static HookedTransformer of(
      ModelConfig config,
      Weights weights,
      Optional<Tokenizer> tokenizer,
      WeightProcessing processing) {
    try (var _ = TensorScope.open()) {
      weights.requireFor(config);
      return new HookedTransformer(
          config,
          processing.apply(config, weights),
          tokenizer.map(SharedTokenizer::borrowed),
          Origin.inMemory(processing));
    }
  }

  /**
   * Returns a model of the same weights, processed further; both live side by side and each is
   * closed for itself.
   */
  public HookedTransformer process(WeightProcessing processing) {
    requireOpen();
    try (var _ = TensorScope.open()) {
      var changed = origin.withProcessing(origin.processing().and(processing));
      var model =
          new HookedTransformer(config, processing.apply(config, weights), tokenizer, changed);
      // What was hashed need not be there any more.
      model.provenance.set(provenance.get().map(it -> it.withProcessing(changed.processing())));
      return model;
    }
  }

  // ---- What it is

  /** Returns its shape. */
  public ModelConfig config() {
    return config;
  }

  /** Returns its parameters, as processed. */
  public Weights weights() {
    return weights;
  }

  /** Returns the name it was loaded by. */
  public String name() {
    return origin.name();
  }

  /**
   * Returns its tokenizer.
   *
   * @throws IllegalStateException if it came without one
   */
  public Tokenizer tokenizer() {
    return tokenizer
        .map(SharedTokenizer::tokenizer)
        .orElseThrow(() ->
            new IllegalStateException(
                "the model "
                    + name()
                    + " came without a tokenizer: give token ids, or put"
                    + " tokenizer.json beside its config.json"));
  }

  /** Tells whether it came with a tokenizer. */
  public boolean hasTokenizer() {
    return tokenizer.isPresent();
  }

  /** Says exactly which model this is; hashes its files the first time. */
  public Provenance provenance() {
    var known = provenance.get();
    if (known.isEmpty()) {
      known =
          Optional.of(
              new Provenance(
                  origin.name(),
                  origin.revision(),
                  origin.weightsSha256(),
                  tokenizer.map(t -> t.tokenizer().sha256()).orElse(""),
                  origin.processing(),
                  weights.wE().dtype().toString()));
      provenance.set(known);
    }
    return known.get();
  }

  /**
   * Returns the parts of the forward pass as functions, for code that computes only some of it.
   * They are the model's: used after {@link #close} they fail.
   */
  public BlockMath math() {
    requireOpen();
    return forward.math();
  }

  // ---- Tokens

  /** Returns a prompt that begins with the model's BOS token, or without one if it has none. */
  public Prompt prompt(String text) {
    return prompt(text, tokenizer().bos().isPresent() ? Bos.PREPEND : Bos.NONE);
  }

  /** Returns a prompt. */
  public Prompt prompt(String text, Bos bos) {
    return Prompt.of(tokenizer(), text, bos);
  }

  /** Returns a batch of texts, the shorter ones padded on the left. */
  public Tokens toTokens(Bos bos, String... texts) {
    // Some tokenizers name a pad that the model has no embedding of; which it is has no effect.
    long pad = tokenizer().pad().map(Token::id).filter(id -> id < config.dVocab()).orElse(0L);
    return Tokens.padded(
        PaddingSide.LEFT,
        pad,
        Stream.of(texts).map(text -> tokenizer().encode(text, bos)).toList());
  }

  /** Returns the exact string of every token of a text. */
  public List<String> toStrTokens(String text, Bos bos) {
    return tokenizer().strTokens(text, bos);
  }

  /**
   * Returns the id of a text that is one token.
   *
   * @throws IllegalArgumentException naming the tokens it falls into
   */
  public long toSingleToken(String text) {
    return tokenizer().singleToken(text);
  }

  /**
   * Returns the unembedding columns of tokens: the directions of the final residual stream, after
   * the norm, whose product is their logit. Differs from it by b_U and, in a raw model, by the
   * norm's own weight and bias.
   *
   * @return [token, d_model]
   */
  public Tensor tokensToResidualDirections(long... tokens) {
    return TensorScope.tidy(() -> math().unembedding(tokens).transpose(0, 1));
  }

  /**
   * Returns the biases that stand in what a reader reads whatever the prompt: the sum of b_O of
   * attention and b_out of the MLPs before it, [d_model].
   */
  public Tensor accumulatedBias(ResidReader reader) {
    return math().accumulatedBias(reader.attentionBlocks(config), reader.mlpBlocks(config));
  }

  /** Returns the same without b_out: what no head adds, where MLPs are taken whole. */
  public Tensor accumulatedAttentionBias(ResidReader reader) {
    return math().accumulatedBias(reader.attentionBlocks(config), 0);
  }

  // ---- Running it

  /** Returns the logits of every position, [batch, pos, d_vocab]. */
  public Tensor run(Tokens tokens) {
    return run(Run.of(tokens)).output();
  }

  /** Returns the logits of a run with hooks, [batch, pos, d_vocab]. */
  public Tensor runWithHooks(Tokens tokens, Hooks hooks) {
    return run(Run.of(tokens).withHooks(hooks)).output();
  }

  /** Returns the logits, [batch, pos, d_vocab], and the activations that {@code filter} keeps. */
  public RunResult runWithCache(Tokens tokens, CacheFilter filter) {
    return run(Run.of(tokens).caching(filter));
  }

  /**
   * Carries out a run.
   *
   * @throws IllegalArgumentException if the tokens, layers or hook points are not this model's
   * @throws IllegalStateException if a hook never fired, or this model is closed
   */
  public RunResult run(Run run) {
    requireOpen();
    return forward.run(run);
  }

  /** Returns the mean of -log p over all tokens but each row's first, in nats. */
  public double loss(Tokens tokens) {
    try (var _ = TensorScope.open()) {
      return run(Run.of(tokens).returning(Run.Returns.LOSS)).output().item();
    }
  }

  /** Returns -log p of each next token in nats, [batch, pos - 1]; 0 where a pad is concerned. */
  public Tensor lossPerToken(Tokens tokens) {
    return run(Run.of(tokens).returning(Run.Returns.LOSS_PER_TOKEN)).output();
  }

  /**
   * Continues every row.
   *
   * @return the new tokens of each row, up to and with the end token where it came
   * @throws IllegalArgumentException if the prompt and the new tokens do not fit into the context
   */
  public List<long[]> generate(Tokens tokens, GenerateOptions options) {
    return generate(tokens, options, (row, token) -> {});
  }

  /** Continues every row, telling {@code listener} of each token as it comes. */
  public List<long[]> generate(
      Tokens tokens, GenerateOptions options, GenerateOptions.Listener listener) {
    return new Generation(this, options).continueRows(tokens, listener);
  }

  /**
   * Frees the weights, and the tokenizer if it was loaded with this model and no model processed
   * from it is left. No run may be under way.
   */
  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    forward.free();
    weights.named().values().forEach(Tensor::free);
    tokenizer.ifPresent(SharedTokenizer::release);
  }

  private void requireOpen() {
    if (closed.get()) {
      throw new IllegalStateException("the model " + name() + " is closed");
    }
  }
}
