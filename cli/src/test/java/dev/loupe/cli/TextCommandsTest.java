package dev.loupe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loupe.model.GenerateOptions;
import dev.loupe.model.GenerateOptions.Sampling;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.TokenizerFixtures;
import dev.loupe.model.Tokens;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code tokens} and {@code generate}. */
class TextCommandsTest {
  @TempDir private Path folder = Path.of("");

  private String tiny() {
    return TinyModel.write(folder.resolve("tiny")).toString();
  }

  @Test
  void tokensAreShownWithPositionIdAndExactString() {
    assertThat(CommandRun.of("tokens", "--model", tiny(), "When Mary,").lines())
        .containsExactly(
            "pos  id  token",
            "  0   0  \"<|endoftext|>\"",
            "  1   2  \"When\"",
            "  2  16  \" Mary\"",
            "  3   7  \",\"");
    assertThat(CommandRun.of("tokens", "--no-bos", "--model", tiny(), " Mary").lines())
        .containsExactly("pos  id  token", "  0  16  \" Mary\"");
  }

  @Test
  void tokensNeedNoWeights() throws Exception {
    var model = tiny();
    Files.delete(folder.resolve("tiny").resolve("model.safetensors"));
    assertThat(CommandRun.of("tokens", "--model", model, "When").lines()).hasSize(3);
  }

  @Test
  void onlyTheHubHasRevisions() {
    for (var model : new String[] {tiny(), "demo"}) {
      CommandRun.of("tokens", "-m", model, "--revision", "x", "When").failedWith(1, "revision x");
      CommandRun.of("generate", "-m", model, "--revision", "x", "When").failedWith(1, "revision x");
      CommandRun.of("model", model, "--revision", "x").failedWith(1, "revision x");
    }
  }

  @Test
  void whatCannotBeSeenIsEscaped() {
    var gpt2 = TokenizerFixtures.gpt2().toString();
    var lines = CommandRun.of("tokens", "-m", gpt2, "a\n\tb\u00a0\u001b[31m\"").lines();
    assertThat(String.join("", lines))
        .contains("\"\\n\"", "\\t", "\\\"")
        .doesNotContain("\u001b", "\u00a0", "\n\t");
  }

  @Test
  void aTextThatTheModelCannotReadIsRefused() {
    CommandRun.of("tokens", "-m", tiny(), "When Bob").failedWith(2, "\"Bob\"", "vocabulary");
    CommandRun.of("tokens", "-m", tiny(), "").failedWith(2, "empty");
    CommandRun.of("tokens", "-m", tiny()).failedWith(2, "TEXT", "tokens --help");
    CommandRun.of("tokens", "-m", tiny(), "When", "Mary").failedWith(2, "'Mary'");
    CommandRun.of("tokens", "When").failedWith(2, "--model");
  }

  @Test
  void aPipeGetsTheContinuationAlone() {
    var model = tiny();
    try (var loaded = HookedTransformer.load(model)) {
      var prompt = loaded.prompt("When Mary");
      var ids = loaded.generate(Tokens.of(prompt), GenerateOptions.greedy(5)).getFirst();
      var expected = loaded.tokenizer().decode(ids);
      assertThat(CommandRun.of("generate", "-m", model, "-n", "5", "When Mary").lines())
          .containsExactly(expected);
      var terminal = new Shell(Map.of("NO_COLOR", "1"), true, false);
      assertThat(CommandRun.of(terminal, "generate", "-m", model, "-n", "5", "When Mary").lines())
          .containsExactly("When Mary" + expected);
    }
  }

  @Test
  void aDrawIsTheOneOfItsSeed() {
    var model = tiny();
    try (var loaded = HookedTransformer.load(model)) {
      var sampling = new Sampling.Random(3, OptionalInt.of(20), 0.9, 7);
      var options = GenerateOptions.greedy(6).withSampling(sampling);
      var ids = loaded.generate(Tokens.of(loaded.prompt("When")), options).getFirst();
      var asked = "generate -n 6 --temperature 3 --top-k 20 --top-p 0.9 --seed 7 When -m";
      assertThat(CommandRun.of((asked + " " + model).split(" ")).out())
          .isEqualTo(loaded.tokenizer().decode(ids).replace("<|endoftext|>", "") + "\n");
    }
  }

  @Test
  void theUsualLengthIsWhatFits() {
    var prompt = "When" + " Mary".repeat(TinyModel.N_CTX - 4);
    assertThat(CommandRun.of("generate", "-m", tiny(), prompt).exitCode()).isZero();
    CommandRun.of("generate", "-m", tiny(), "-n", "9", prompt).failedWith(2, "9 new ones");
  }

  @Test
  void generationThatMakesNoSenseIsRefused() {
    var model = tiny();
    CommandRun.of("generate", "-m", model, "--greedy", "--top-k", "3", "When")
        .failedWith(2, "--greedy");
    CommandRun.of("generate", "-m", model, "--top-k", "0", "When").failedWith(2, "top-k");
    CommandRun.of("generate", "-m", model, "--top-p", "1.5", "When").failedWith(2, "top-p");
    CommandRun.of("generate", "-m", model, "--temperature", "0", "When").failedWith(2, "greedy");
    CommandRun.of("generate", "-m", model, "--temperature", "hot", "When").failedWith(2, "hot");
    CommandRun.of("generate", "-m", model, "-n", "0", "When").failedWith(2, "0");
    CommandRun.of("generate", "-m", model, "-n", "x", "When").failedWith(2, "'x'");
    CommandRun.of("generate", "-m", model, "").failedWith(2, "empty");
  }
}
