package dev.loupe.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.model.HookPoint.Kind;
import dev.loupe.tensor.Autograd;
import dev.loupe.tensor.DType;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What hooks and caches refuse, and what they do to a run. */
class HookErrorsTest {
  private static final HookedTransformer GPT2 = model("gpt2");
  private static final HookedTransformer PARALLEL = model("gpt_neox");
  private static final Tokens TOKENS = Tokens.of(new long[] {1, 2, 3, 4}, new long[] {5, 6, 7, 8});

  private static HookedTransformer model(String family) {
    return RandomModels.model(RandomModels.family(family), 1, WeightProcessing.none());
  }

  @AfterAll
  static void close() {
    GPT2.close();
    PARALLEL.close();
  }

  private static void refused(ThrowingCallable call, String... parts) {
    try (var _ = TensorScope.open()) {
      assertThatThrownBy(call)
          .isInstanceOf(IllegalArgumentException.class)
          .message()
          .contains(parts);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "blocks.0.attn.hook_zz",
        "hook_z",
        "blocks.attn.hook_z",
        "blocks.-1.attn.hook_z",
        "blocks.01.attn.hook_z",
        "blocks.9999999.attn.hook_z",
        "blocks.0.hook_embed",
        "BLOCKS.0.attn.hook_z",
        "",
      })
  void anUnknownNameListsThoseThereAre(String name) {
    refused(
        () -> HookPoint.parse(name),
        "unknown hook point \"" + name + "\"",
        "hook_embed, hook_pos_embed, blocks.L.hook_resid_pre",
        "ln_final.hook_normalized");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gpt_neox | blocks.1.hook_resid_mid | attention and MLP of a block run in parallel",
        "gpt_neox | hook_pos_embed | its positions are rotary",
        "gpt2 | blocks.1.attn.hook_rot_q | its positions are not rotary",
        "gpt2 | blocks.2.attn.hook_rot_k | its positions are not rotary",
        "gpt2 | blocks.0.mlp.hook_pre_linear | its MLP is not gated",
        "gpt2 | blocks.3.attn.hook_z | this model has layers 0 to 2",
      })
  void anImpossiblePointSaysWhy(String family, String name, String why) {
    var model = family.equals("gpt2") ? GPT2 : PARALLEL;
    var point = HookPoint.parse(name);
    String[] parts = {name, why};
    refused(() -> model.runWithHooks(TOKENS, Hooks.none().read(point, (x, at) -> {})), parts);
    refused(() -> model.runWithCache(TOKENS, CacheFilter.only(point)), parts);
    refused(() -> model.runWithCache(TOKENS, CacheFilter.all()).cache().get(point), parts);
  }

  @Test
  void anImpossiblePointListsThoseOfTheModel() {
    refused(
        () -> PARALLEL.runWithCache(TOKENS, CacheFilter.kinds(Kind.RESID_MID)),
        "a gpt_neox model has no such point",
        "it has hook_embed, blocks.L.hook_resid_pre",
        "blocks.L.attn.hook_rot_q");
    refused(
        () -> CacheFilter.matching(PARALLEL.config(), List.of("*resid_mid")),
        "\"*resid_mid\" matches no hook point",
        "blocks.L.hook_resid_post");
  }

  @Test
  void aHookThatNeverFiresIsAnError() {
    try (var _ = TensorScope.open()) {
      var late = Hooks.none().read(HookPoint.z(2), (x, at) -> {});
      assertThatThrownBy(() -> GPT2.run(Run.of(TOKENS).stoppingAt(2).withHooks(late)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("[blocks.2.attn.hook_z]")
          .hasMessageContaining("drop the hooks or widen the run");
      var early = Hooks.none().read(HookPoint.of(Kind.EMBED), (x, at) -> {});
      var residual = GPT2.run(Run.of(TOKENS).stoppingAt(1)).output();
      assertThatThrownBy(() -> GPT2.run(Run.startAtLayer(1, residual).withHooks(early)))
          .hasMessageContaining("[hook_embed]");
      // A run that returns nothing still goes as far as its hooks.
      var seen = new ArrayList<HookPoint>();
      GPT2.run(
          Run.of(TOKENS)
              .returning(Run.Returns.NOTHING)
              .withHooks(
                  Hooks.none().read(HookPoint.of(Kind.LN_FINAL_SCALE), (x, at) -> seen.add(at))));
      assertThat(seen).containsExactly(HookPoint.of(Kind.LN_FINAL_SCALE));
    }
  }

  @Test
  void aReplacementOfAnotherShapeOrKindIsRefused() {
    refused(
        () ->
            GPT2.runWithHooks(
                TOKENS, Hooks.none().replace(HookPoint.z(1), (z, at) -> z.select(2, 0))),
        "the hook on blocks.1.attn.hook_z returned [2, 4, 6] F64",
        "expected [2, 4, 4, 6] F64");
    refused(
        () ->
            GPT2.runWithHooks(
                TOKENS, Hooks.none().replace(HookPoint.z(1), (z, at) -> z.to(DType.I64))),
        "returned [2, 4, 4, 6] I64");
  }

  @Test
  void hooksOfOnePointApplyInOrderAndACacheHoldsTheResult() {
    try (var _ = TensorScope.open()) {
      var point = HookPoint.mlpOut(1);
      var seen = new ArrayList<Double>();
      var hooks =
          Hooks.none()
              .replace(point, (x, at) -> x.mul(0).add(2))
              .read(point, (x, at) -> seen.add(x.max(0).max(0).max(0).item()))
              .replace(point, (x, at) -> x.mul(3))
              .read(point, (x, at) -> seen.add(x.max(0).max(0).max(0).item()));
      var run = GPT2.run(Run.of(TOKENS).withHooks(hooks).caching(CacheFilter.only(point)));
      assertThat(seen).containsExactly(2.0, 6.0);
      assertThat(run.cache().get(point).toDoubles()).containsOnly(6);
    }
  }

  @Test
  void aRowOfScoresWithNothingToSeeAttendsToNothingAndANanStaysOne() {
    try (var _ = TensorScope.open()) {
      var scores = new HookPoint(Kind.ATTN_SCORES, 0);
      var blocked =
          Hooks.none()
              .replace(
                  scores,
                  (s, at) ->
                      s.withSelect(
                          2, 3, s.select(2, 3).mul(0).nanToZero().add(Double.NEGATIVE_INFINITY)));
      var pattern = CacheFilter.only(HookPoint.pattern(0));
      var run = GPT2.run(Run.of(TOKENS).withHooks(blocked).caching(pattern));
      assertThat(run.cache().get(HookPoint.pattern(0)).select(2, 3).toDoubles()).containsOnly(0);
      assertThat(run.output().toDoubles()).doesNotContain(Double.NaN);
      var broken = Hooks.none().replace(scores, (s, at) -> s.mul(Double.NaN));
      assertThat(GPT2.runWithHooks(TOKENS, broken).toDoubles()).contains(Double.NaN);
    }
  }

  @Test
  void anExceptionOfAHookReachesTheCallerAndLeavesNothingBehind() {
    try (var _ = TensorScope.open()) {
      var before = GPT2.run(TOKENS).toDoubles();
      var thrown = new IllegalStateException("mine");
      var hooks =
          Hooks.none()
              .read(
                  HookPoint.z(1),
                  (x, at) -> {
                    throw thrown;
                  });
      assertThatThrownBy(() -> GPT2.runWithHooks(TOKENS, hooks)).isSameAs(thrown);
      assertThat(GPT2.run(TOKENS).toDoubles()).containsExactly(before);
    }
  }

  @Test
  void headsThatReadApartHaveNormsOfTheirOwn() {
    var both =
        Hooks.none()
            .replace(new HookPoint(Kind.Q_INPUT, 0), (x, at) -> x)
            .replace(new HookPoint(Kind.LN1_SCALE, 0), (x, at) -> x);
    refused(
        () -> GPT2.runWithHooks(TOKENS, both),
        "blocks.0.hook_q_input and blocks.0.ln1.hook_scale",
        "replace blocks.0.attn.hook_q instead");
  }

  @Test
  void gradientsReachAVariableThatAHookPutIn() {
    try (var _ = TensorScope.open()) {
      var variables = new ArrayList<Tensor>();
      var hooks =
          Hooks.none()
              .replace(
                  HookPoint.z(1),
                  (z, at) -> {
                    var variable = TensorScope.unscoped(Autograd.variable(z));
                    variables.add(variable);
                    return variable;
                  });
      var metric = GPT2.runWithHooks(TOKENS, hooks).select(2, 3).sum();
      var gradient = Autograd.gradients(metric, variables, false).getFirst();
      double h = 1e-6;
      double expected = (shifted(h).sum().item() - shifted(-h).sum().item()) / (2 * h);
      assertThat(gradient.select(1, 2).select(1, 1).sum().item()).isCloseTo(expected, within(1e-5));
      variables.forEach(Tensor::free);
    }
  }

  private static Tensor shifted(double by) {
    var hooks =
        Hooks.none()
            .replace(
                HookPoint.z(1),
                (z, at) -> {
                  var row = z.select(1, 2);
                  return z.withSelect(1, 2, row.withSelect(1, 1, row.select(1, 1).add(by)));
                });
    return GPT2.runWithHooks(TOKENS, hooks).select(2, 3);
  }

  @Test
  void cachesGiveLayersFromTheEndAndSlices() {
    try (var _ = TensorScope.open()) {
      var cache = GPT2.runWithCache(TOKENS, CacheFilter.all()).cache();
      assertThat(cache.get(Kind.Z, -1)).isSameAs(cache.get("blocks.2.attn.hook_z"));
      assertThat(cache.get(Kind.Z, -3)).isSameAs(cache.get(HookPoint.z(0)));
      assertThatThrownBy(() -> cache.get(Kind.Z, -4))
          .hasMessageContaining("layer -4: this model has layers 0 to 2");
      assertThatThrownBy(() -> cache.get(Kind.Z, 3)).hasMessageContaining("layer 3");
      var row = cache.batch(1);
      assertThat(row.get(HookPoint.pattern(0)).shape()).containsExactly(1, 4, 4, 4);
      var cut = row.positions(1, 2);
      assertThat(cut.get(HookPoint.pattern(0)).shape()).containsExactly(1, 4, 2, 4);
      assertThat(cut.get(HookPoint.of(Kind.EMBED)).toDoubles())
          .containsExactly(cache.get(Kind.EMBED, 0).narrow(0, 1, 1).narrow(1, 1, 2).toDoubles());
      assertThatThrownBy(() -> cache.batch(2)).hasMessageContaining("narrow(0, 2, 1)");
      assertThatThrownBy(() -> cache.points().clear())
          .isInstanceOf(UnsupportedOperationException.class);
      assertThat(cache.toString()).matches("ActivationCache of \\d+ activations, \\d+\\.\\d MiB");
      assertThat(cache.bytes())
          .isEqualTo(cache.points().stream().mapToLong(p -> cache.get(p).numel() * 8).sum());
    }
  }

  @Test
  void aCacheKeepsOnlyThePositionsAskedFor() {
    try (var _ = TensorScope.open()) {
      var all = GPT2.runWithCache(TOKENS, CacheFilter.all()).cache();
      var some = GPT2.runWithCache(TOKENS, CacheFilter.all().at(-1, 0)).cache();
      for (var point : all.points()) {
        int dim = ActivationCache.positionDim(point.kind());
        Golden.assertClose(
            point.toString(), some.get(point), all.get(point).indexSelect(dim, 3, 0), 0);
      }
      assertThatThrownBy(() -> GPT2.runWithCache(TOKENS, CacheFilter.all().at(4)))
          .hasMessageContaining("position 4 of hook_embed: this batch has positions 0 to 3");
      assertThatThrownBy(() -> CacheFilter.all().at()).hasMessageContaining("at least one");
      var named = CacheFilter.matching(GPT2.config(), List.of("blocks.*.attn.hook_z", "*embed"));
      assertThat(GPT2.runWithCache(TOKENS, named).cache().points().toString())
          .isEqualTo(
              "[hook_embed, hook_pos_embed, blocks.0.attn.hook_z, blocks.1.attn.hook_z,"
                  + " blocks.2.attn.hook_z]");
      assertThat(
              GPT2.runWithCache(TOKENS, CacheFilter.matching(GPT2.config(), List.of("*")))
                  .cache()
                  .points())
          .isEqualTo(all.points());
      assertThatThrownBy(() -> some.get(new HookPoint(Kind.RESULT, 0)))
          .hasMessageContaining("blocks.0.attn.hook_result was not kept by this run; it kept")
          .hasMessageContaining("Name it in the CacheFilter");
    }
  }

  @Test
  void namesParseBack() {
    for (var config : RandomModels.families()) {
      for (var point : HookPoint.all(config)) {
        assertThat(HookPoint.parse(point.toString())).isEqualTo(point);
      }
    }
    assertThatThrownBy(() -> HookPoint.z(-1)).hasMessageContaining("expected a layer from 0");
    assertThatThrownBy(() -> new HookPoint(Kind.EMBED, 0)).hasMessageContaining("no layer");
  }

  @Test
  void tokensAndStreamsThatAreNotTheModelsAreRefused() {
    refused(
        () -> GPT2.run(Tokens.of(new long[] {1, 19})), "token 19 at row 0, position 1", "0 to 18");
    refused(() -> GPT2.run(Tokens.of(new long[] {-1})), "token -1", "0 to 18");
    refused(
        () -> GPT2.run(Tokens.padded(PaddingSide.LEFT, 50, List.of(new long[] {1}))),
        "pad token 50: expected 0 to 18");
    refused(() -> GPT2.run(Tokens.of(new long[17])), "17 tokens", "at most 16");
    refused(
        () -> GPT2.generate(TOKENS, GenerateOptions.greedy(13)), "4 tokens and 13 new", "most 16");
    refused(() -> GPT2.lossPerToken(Tokens.of(new long[] {1})), "at least two");
    refused(() -> Tokens.of(new long[] {1}, new long[] {1, 2}), "[1, 2]", "Tokens.padded");
    refused(() -> Tokens.of(new long[] {}), "row 0 is empty");
    refused(() -> Tokens.padded(PaddingSide.LEFT, 0, List.of()), "no rows");
    refused(
        () -> GPT2.run(Run.startAtLayer(1, Tensors.zeros(DType.F64, 2, 4, 9))),
        "[2, 4, 9] F64",
        "expected [batch, pos, 10] F64");
    refused(
        () -> GPT2.run(Run.startAtLayer(1, Tensors.zeros(DType.F32, 2, 4, 10))),
        "[2, 4, 10] F32",
        "F64");
    refused(
        () -> GPT2.run(Run.startAtLayer(1, Tensors.zeros(DType.F64, 2, 3, 10), TOKENS)),
        "of tokens [2, 4]");
    refused(
        () -> GPT2.run(Run.startAtLayer(3, Tensors.zeros(DType.F64, 2, 4, 10))),
        "layer 3: this model has layers 0 to 2");
    refused(() -> GPT2.run(Run.of(TOKENS).stoppingAt(4)), "layer 4");
    refused(
        () -> GPT2.run(Run.startAtLayer(2, Tensors.zeros(DType.F64, 2, 4, 10)).stoppingAt(1)),
        "from layer 2 that stops at layer 1");
    refused(
        () ->
            GPT2.run(
                Run.startAtLayer(2, Tensors.zeros(DType.F64, 2, 4, 10))
                    .returning(Run.Returns.LOSS)),
        "needs the tokens: give them to Run.startAtLayer");
    refused(() -> GPT2.tokensToResidualDirections(19), "token 19: expected 0 to 18");
    try (var _ = TensorScope.open()) {
      assertThatThrownBy(() -> GPT2.run(Run.of(TOKENS).returning(Run.Returns.NOTHING)).output())
          .hasMessageContaining("NOTHING");
      assertThatThrownBy(GPT2::tokenizer)
          .hasMessageContaining("came without a tokenizer: give token ids");
    }
  }

  @Test
  void aKeyValueCacheServesOneModelAndOneBatch() {
    try (var _ = TensorScope.open();
        var cache = new KeyValueCache();
        var other = model("llama")) {
      refused(
          () ->
              GPT2.run(
                  Run.of(RandomModels.tokens(GPT2.config(), 1, PaddingSide.RIGHT, 3, 2))
                      .withKeyValueCache(cache)),
          "padded on the right",
          "pad on the left");
      refused(
          () -> GPT2.run(Run.of(TOKENS).stoppingAt(1).withKeyValueCache(cache)),
          "grows by runs of all layers");
      assertThat(cache.length()).isZero();
      GPT2.run(Run.of(TOKENS).withKeyValueCache(cache));
      assertThat(cache.length()).isEqualTo(4);
      refused(
          () -> GPT2.run(Run.of(Tokens.of(new long[] {1})).withKeyValueCache(cache)),
          "1 rows after a key and value cache of 2");
      refused(
          () -> other.run(Run.of(TOKENS).withKeyValueCache(cache)),
          "a key and value cache of 3 layers and [2, 4, 4, 6] F64",
          "3 layers and [batch, pos, 2, 6]");
      refused(
          () ->
              GPT2.run(
                  Run.of(RandomModels.tokens(GPT2.config(), 1, PaddingSide.LEFT, 3, 2))
                      .withKeyValueCache(cache)),
          "expected rows of one length");
      refused(
          () -> GPT2.run(Run.of(Tokens.of(new long[13], new long[13])).withKeyValueCache(cache)),
          "4 positions in the cache and 13 more");
      // What was refused has not changed what it holds.
      assertThat(cache.length()).isEqualTo(4);
    }
  }
}
