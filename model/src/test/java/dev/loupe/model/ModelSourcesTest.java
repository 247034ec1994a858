package dev.loupe.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loupe.tensor.DType;
import dev.loupe.tensor.SafeTensorsException;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where models come from, what is refused of them, and who frees them. */
class ModelSourcesTest {
  private static final Tokens TOKENS = Tokens.of(new long[] {3, 1, 4, 1, 5});

  /** An embedded model, as a jar brings it. */
  public static final class Tiny implements EmbeddedModel {
    /** For the service loader. */
    public Tiny() {}

    @Override
    public String name() {
      return "tiny-test-model";
    }

    @Override
    public void writeTo(Path folder) {
      Gpt2Folder.write(folder, 7);
    }
  }

  private static HookedTransformer load(Path folder) {
    return HookedTransformer.load(folder.toString());
  }

  @Test
  void aFolderWithoutATokenizer(@TempDir Path folder) {
    Gpt2Folder.write(folder, 1);
    try (var model = load(folder);
        var _ = TensorScope.open()) {
      assertThat(model.hasTokenizer()).isFalse();
      assertThatThrownBy(() -> model.prompt("a"))
          .hasMessageContaining(folder + " came without a tokenizer")
          .hasMessageContaining("tokenizer.json");
      assertThat(model.run(TOKENS).shape()).containsExactly(1, 5, 17);
      assertThat(model.provenance().tokenizerSha256()).isEmpty();
    }
  }

  @Test
  void weightsThatChangedSinceTheyWereLoadedAreNotHashed(@TempDir Path folder) throws Exception {
    Gpt2Folder.write(folder, 1);
    try (var model = load(folder)) {
      Files.setLastModifiedTime(
          folder.resolve("model.safetensors"), FileTime.from(Instant.now().plusSeconds(60)));
      assertThatThrownBy(model::provenance).hasMessageContaining("changed since");
    }
  }

  @Test
  void shardsAreOneModel(@TempDir Path whole, @TempDir Path shards) throws Exception {
    Gpt2Folder.write(whole, 1);
    Gpt2Folder.writeShards(shards, 1);
    try (var a = load(whole);
        var b = load(shards);
        var _ = TensorScope.open()) {
      assertThat(b.run(TOKENS).toDoubles()).containsExactly(a.run(TOKENS).toDoubles());
      assertThat(a.provenance().weightsSha256())
          .isEqualTo(sha256(Files.readAllBytes(whole.resolve("model.safetensors"))));
      var list = new StringBuilder();
      for (int i = 1; i <= 2; i++) {
        String name = "model-0000" + i + "-of-00002.safetensors";
        list.append(sha256(Files.readAllBytes(shards.resolve(name)))).append("  ");
        list.append(name).append('\n');
      }
      assertThat(b.provenance().weightsSha256())
          .isEqualTo(sha256(list.toString().getBytes(StandardCharsets.UTF_8)));
    }
    // A file that nobody reads does not change which weights these are.
    String before = hash(whole);
    Files.write(whole.resolve("adapter.safetensors"), new byte[] {1});
    assertThat(hash(whole)).isEqualTo(before);
  }

  private static String hash(Path folder) {
    try (var model = load(folder)) {
      return model.provenance().weightsSha256();
    }
  }

  private static String sha256(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  @Test
  void anEmbeddedModelIsFoundByItsName(@TempDir Path folder) throws IOException {
    Gpt2Folder.write(folder, 7);
    try (var embedded = HookedTransformer.load("tiny-test-model");
        var unpacked = load(folder);
        var _ = TensorScope.open()) {
      assertThat(embedded.name()).isEqualTo("tiny-test-model");
      assertThat(embedded.run(TOKENS).toDoubles())
          .containsExactly(unpacked.run(TOKENS).toDoubles());
      assertThat(embedded.provenance().weightsSha256())
          .isEqualTo(unpacked.provenance().weightsSha256())
          .hasSize(64);
    }
    try (var left = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      assertThat(left.map(p -> p.getFileName().toString()))
          .noneMatch(name -> name.startsWith("loupe-tiny-test-model"));
    }
  }

  @Test
  void aNameThatIsNoModelSaysWhatModelsAre(@TempDir Path folder) {
    for (var name : List.of("./nowhere", "/no/such/folder", "a/b/c", "~/models/x")) {
      assertThatThrownBy(() -> HookedTransformer.load(name))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("no folder \"" + name + "\"")
          .hasMessageContaining("\"tiny-test-model\"")
          .hasMessageContaining("a hub name such as gpt2");
    }
    assertThatThrownBy(() -> HookedTransformer.load(" ")).hasMessageContaining("empty model name");
    assertThatThrownBy(() -> load(folder))
        .hasMessageContaining("config.json: a model folder has config.json, model.safetensors");
  }

  @Test
  void aFolderThatDoesNotFitTogetherIsRefused(@TempDir Path folder) throws IOException {
    try (var _ = TensorScope.open()) {
      var none = Tensors.zeros(DType.F32, 0);
      refused(folder, Map.of("transformer.h.1.ln_2.bias", none), "h.1.ln_2.bias");
      refused(
          folder,
          Map.of("transformer.h.2.ln_1.bias", Tensors.zeros(DType.F32, 8)),
          "no place for: transformer.h.2.ln_1.bias",
          "would change the computation");
      refused(
          folder,
          Map.of("transformer.wpe.weight", Tensors.zeros(DType.F32, 13, 8)),
          "transformer.wpe.weight has shape [13, 8]: expected [12, 8] by config.json");
      refused(
          folder,
          Map.of("transformer.wpe.weight", Tensors.zeros(DType.I64, 12, 8)),
          "transformer.wpe.weight holds I64",
          "quantized weights");
      refused(
          folder,
          Map.of("lm_head.weight", Tensors.zeros(DType.F32, 17, 8)),
          "lm_head.weight differs from the embedding, though config.json ties the two");
      // Buffers of older files are no parameters.
      Gpt2Folder.write(
          folder,
          1,
          Map.of(
              "transformer.h.0.attn.bias", Tensors.zeros(DType.U8, 1, 1, 12, 12),
              "transformer.h.1.attn.masked_bias", Tensors.scalar(-1e4)));
      load(folder).close();
    }
    Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"gpt2\",");
    assertThatThrownBy(() -> load(folder)).hasMessageContaining("config.json");
    Files.writeString(folder.resolve("config.json"), "[1]");
    assertThatThrownBy(() -> load(folder)).hasMessageContaining("expected a JSON object");
    Files.writeString(folder.resolve("config.json"), "{}");
    assertThatThrownBy(() -> load(folder)).hasMessageContaining("no field \"model_type\"");
    Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"bert\"}");
    assertThatThrownBy(() -> load(folder)).hasMessageContaining("\"bert\": expected one of gpt2");
  }

  private static void refused(Path folder, Map<String, Tensor> changes, String... parts) {
    Gpt2Folder.write(folder, 1, changes);
    assertThatThrownBy(() -> load(folder))
        .isInstanceOfAny(IllegalArgumentException.class, SafeTensorsException.class)
        .message()
        .contains(parts);
  }

  @Test
  void twoProcessingsLiveSideBySideAndEachIsClosedForItself(@TempDir Path folder) {
    Gpt2Folder.write(folder, 1);
    TokenizerFixtures.tiny(folder).close();
    var raw = HookedTransformer.load(folder.toString(), LoadOptions.standard().raw());
    var processed = raw.process(WeightProcessing.standard());
    var further = processed.process(WeightProcessing.none());
    try (var _ = TensorScope.open()) {
      var expected = raw.run(TOKENS).logSoftmax(-1);
      Golden.assertClose("processed", processed.run(TOKENS).logSoftmax(-1), expected, 1e-5);
      assertThat(raw.provenance().processing()).isEqualTo(WeightProcessing.none());
      assertThat(processed.provenance().processing()).isEqualTo(WeightProcessing.standard());
      // What was done before is still done.
      assertThat(further.provenance().processing()).isEqualTo(WeightProcessing.standard());
      raw.close();
      Golden.assertClose("alone", processed.run(TOKENS).logSoftmax(-1), expected, 1e-5);
      Golden.assertClose("shared", further.run(TOKENS).logSoftmax(-1), expected, 1e-5);
      assertThat(processed.toSingleToken(" to")).isNotNegative();
      processed.close();
      processed.close();
      assertThat(further.toSingleToken(" to")).isNotNegative();
      var tokenizer = further.tokenizer();
      further.close();
      assertThatThrownBy(() -> tokenizer.encode(" to")).hasMessageContaining("closed");
      assertThatThrownBy(() -> raw.run(TOKENS))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining(folder + " is closed");
      assertThatThrownBy(() -> raw.process(WeightProcessing.none()))
          .hasMessageContaining("is closed");
    }
  }

  @Test
  void whatIsProcessedOfAnEmbeddedModelStillKnowsItsHash() {
    try (var raw = HookedTransformer.load("tiny-test-model", LoadOptions.standard().raw());
        var processed = raw.process(WeightProcessing.standard())) {
      assertThat(processed.provenance().weightsSha256())
          .hasSize(64)
          .isEqualTo(raw.provenance().weightsSha256());
      assertThat(processed.provenance().processing()).isEqualTo(WeightProcessing.standard());
    }
  }

  @Test
  void weightsInMemoryThatDoNotFitTheConfigAreRefused() {
    var config = RandomModels.family("llama");
    try (var _ = TensorScope.open()) {
      var weights = RandomModels.weights(config, 1);
      var w = weights.blocks().getFirst();
      refused(config, replaced(weights, w.wK(), w.wQ()), "blocks.0.attn.W_K", "[2, 10, 6]");
      refused(
          config,
          replaced(weights, w.wO(), w.wO().permute(0, 2, 1)),
          "blocks.0.attn.W_O is [4, 10, 6] F64: expected [4, 6, 10]");
      refused(config, replaced(weights, w.bIn(), w.bIn().to(DType.F32)), "blocks.0.mlp.b_in");
      refused(RandomModels.family("gpt2"), weights, "in no block of a plain MLP");
      var few =
          new Weights(
              weights.wE(),
              weights.wPos(),
              weights.blocks().subList(0, 2),
              weights.lnFinal(),
              weights.wU(),
              weights.bU());
      refused(config, few, "2 blocks of weights: expected 3");
    }
  }

  private static Weights replaced(Weights weights, Tensor old, Tensor changed) {
    return weights.map(t -> t == old ? changed : t);
  }

  private static void refused(ModelConfig config, Weights weights, String... parts) {
    assertThatThrownBy(
            () -> HookedTransformer.of(config, weights, Optional.empty(), WeightProcessing.none()))
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .contains(parts);
  }

  @Test
  void aProcessingThatCannotBeDoneSaysWhy() {
    var refactor = new WeightProcessing(false, false, false, false, true);
    for (var family : List.of("gpt_neox", "llama")) {
      try (var model =
          RandomModels.model(RandomModels.family(family), 1, WeightProcessing.none())) {
        assertThatThrownBy(() -> model.process(refactor))
            .hasMessageContaining("refactor_factored_attn_matrices: the rotation")
            .hasMessageContaining("leave this option out");
      }
    }
  }
}
