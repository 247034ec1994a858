package dev.loupe.cli;

import static dev.loupe.model.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loupe.model.Golden;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.LoadOptions;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.DType;
import dev.loupe.tensor.SafeTensors;
import dev.loupe.tensor.Shared;
import dev.loupe.tensor.TensorScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ActivationsCommandTest {
  private static final String TEXT = "When Mary and John went to the store";

  private static final String STANDARD =
      "fold_ln, center_writing_weights, center_unembed, fold_value_biases";

  @TempDir private Path folder = Path.of("");

  private CommandRun activations(String model, String... arguments) {
    var all =
        IntStream.range(0, arguments.length + 5)
            .mapToObj(i ->
                i < 5
                    ? new String[] {"activations", "--model", model, "--out", out().toString()}[i]
                    : arguments[i - 5])
            .toArray(String[]::new);
    return CommandRun.of(all);
  }

  private Path out() {
    return folder.resolve("acts.safetensors");
  }

  private String tiny() {
    return TinyModel.write(folder.resolve("tiny")).toString();
  }

  @ParameterizedTest
  @CsvSource({"processed, f32", "processed, f64", "unprocessed, f32", "unprocessed, f64"})
  void theFileHoldsWhatTransformerLensComputes(String processing, String dtype) {
    var hf = Shared.path("golden/gpt2-tiny/hf").toString();
    var arguments = new String[] {"--tokens", "", "--dtype", dtype, "--raw"};
    try (var golden = Golden.load("gpt2-tiny", Golden.processing(processing), DType.F32);
        var expected = golden.open(processing + "/acts.f64.safetensors");
        var _ = TensorScope.open()) {
      arguments[1] = ids(golden.tokens());
      boolean raw = processing.equals("unprocessed");
      activations(hf, Arrays.copyOf(arguments, raw ? 5 : 4)).lines();
      try (var found = SafeTensors.open(out())) {
        // What the unembedding reads and gives are no points of Loupe: ln_final and logits are.
        var names = new HashSet<>(expected.names());
        names.removeAll(Set.of("unembed.hook_in", "unembed.hook_out"));
        assertThat(found.names()).isEqualTo(names);
        for (var name : names) {
          assertThat(found.info(name).dtype().name()).isEqualToIgnoringCase(dtype);
          assertClose(name, found.get(name), expected.get(name), Golden.F32);
        }
        assertThat(found.metadata())
            .containsEntry("model", hf)
            .containsEntry("padding", "none")
            .containsEntry("processing", raw ? "none" : STANDARD)
            .containsEntry("dtype", dtype.toUpperCase(java.util.Locale.ROOT))
            .containsEntry("loupe_version", Version.current());
        assertThat(found.metadata().get("weights_sha256")).matches("[0-9a-f]{64}");
        assertThat(found.metadata())
            .containsEntry(
                "tokens", "[[" + arguments[1].replace(",", ", ").replace(";", "], [") + "]]");
      }
    }
  }

  private static String ids(Tokens tokens) {
    return IntStream.range(0, tokens.batch())
        .mapToObj(row ->
            Arrays.stream(tokens.row(row))
                .mapToObj(Long::toString)
                .collect(Collectors.joining(",")))
        .collect(Collectors.joining(";"));
  }

  @Test
  void aPaddedTextGivesWhatItGivesAlone() {
    var model = tiny();
    activations(model, "--text", TEXT, "--text", "When Mary").lines();
    try (var _ = TensorScope.open();
        var found = SafeTensors.open(out());
        var loaded = HookedTransformer.load(model, LoadOptions.standard())) {
      var alone = loaded.run(Tokens.of(loaded.prompt("When Mary")));
      long length = alone.size(1);
      var logits = found.get("logits").select(0, 1);
      var last = logits.narrow(0, logits.size(0) - length, length).unsqueeze(0);
      assertClose("logits of the shorter row", last, alone, Golden.F32);
      assertThat(found.metadata())
          .containsEntry("padding", "left")
          .containsEntry("tokens", "[[0, 2, 16, 3, 17, 4, 5, 6, 24], [0, 2, 16]]");
    }
  }

  @Test
  void bosIsLeftOutOnlyWhereAsked() {
    var model = tiny();
    activations(model, "--text", "When Mary", "--no-bos").lines();
    assertTokens("[[2, 16]]");
    activations(model, "--text", "When Mary").lines();
    assertTokens("[[0, 2, 16]]");
    activations(model, "--tokens", "2,16").lines();
    assertTokens("[[2, 16]]");
  }

  private void assertTokens(String expected) {
    try (var found = SafeTensors.open(out())) {
      assertThat(found.metadata()).containsEntry("tokens", expected);
    }
  }

  @Test
  void onlyTheNamedPointsAreWritten() {
    activations(tiny(), "--tokens", "1,2", "--points", "blocks.*.attn.hook_z, hook_embed").lines();
    try (var found = SafeTensors.open(out())) {
      assertThat(found.names())
          .containsExactlyInAnyOrder("blocks.0.attn.hook_z", "hook_embed", "logits");
    }
  }

  @Test
  void allPointsAreThoseThatAreNotOnDemand() {
    var model = tiny();
    activations(model, "--tokens", "1,2").lines();
    try (var found = SafeTensors.open(out());
        var loaded = HookedTransformer.load(model)) {
      var expected =
          HookPoint.all(loaded.config()).stream()
              .filter(p -> !p.kind().onDemand())
              .map(HookPoint::toString)
              .collect(Collectors.toSet());
      expected.add("logits");
      assertThat(found.names()).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        ";",
        ",",
        "1,,2",
        "1,2;",
        "1,2,",
        "1 2",
        "-1",
        "1,-2",
        "+1",
        "1.0",
        "0x1",
        "a",
        "1,2;3",
        "37",
        "1,999999999999999999",
        "99999999999999999999",
        "１"
      })
  void aListThatIsNoListOfItsTokensIsRefused(String ids) {
    activations(tiny(), "--tokens", ids).failedWith(2, "expected");
    assertThat(out()).doesNotExist();
  }

  @Test
  void wrongUsageIsRefusedWithoutAFile() {
    var model = tiny();
    activations(model).failedWith(2, "--text", "--tokens");
    activations(model, "--tokens", "1", "--text", "When").failedWith(2, "mutually exclusive");
    activations(model, "--text", "").failedWith(2, "empty");
    activations(model, "--text", "When", "--text", "").failedWith(2, "empty");
    activations(model, "--text", "When Bob").failedWith(2, "\"Bob\"", "vocabulary");
    activations(model, "--tokens", "1", "--points", "").failedWith(2, "--points");
    activations(model, "--tokens", "1", "--points", "hook_embed,").failedWith(2, "--points");
    activations(model, "--tokens", "1", "--points", "blocks.1.attn.hook_z")
        .failedWith(2, "blocks.1.attn.hook_z", "blocks.L.attn.hook_z");
    activations(model, "--tokens", "1", "--points", "blocks.0.attn.hook_rot_q")
        .failedWith(2, "hook_rot_q");
    activations(model, "--tokens", "1", "--dtype", "f8").failedWith(2, "f8", "F32, F64");
    activations(model, "--tokens", "1", "--device", "gpu").failedWith(2, "gpu", "cpu");
    var long25 = "1" + ",1".repeat(TinyModel.N_CTX);
    activations(model, "--tokens", long25).failedWith(2, "25 tokens", "at most 24");
    assertThat(out()).doesNotExist();
  }

  @Test
  void aPlaceThatCannotBeWrittenIsRefusedBeforeAnythingRuns() throws IOException {
    var model = tiny();
    CommandRun.of("activations", "-m", model, "--tokens", "1", "-o", folder.toString())
        .failedWith(1, "no regular file");
    var absent = folder.resolve("absent").resolve("a.safetensors").toString();
    CommandRun.of("activations", "-m", model, "--tokens", "1", "-o", absent)
        .failedWith(1, "no folder");
    var link = Files.createSymbolicLink(folder.resolve("link"), out());
    Files.writeString(out(), "old");
    CommandRun.of("activations", "-m", model, "--tokens", "1", "-o", link.toString()).lines();
    assertThat(link).isSymbolicLink();
    assertTokens("[[1]]");
  }
}
