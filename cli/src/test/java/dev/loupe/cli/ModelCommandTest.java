package dev.loupe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loupe.tensor.SafeTensors;
import dev.loupe.tensor.Shared;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelCommandTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void aModelIsDescribed() {
    var out = CommandRun.of("model", TinyModel.write(folder).toString()).lines();
    assertThat(out)
        .contains(
            "attention       2 heads of d_head 4",
            "positions       learned, at most 24",
            "tokenizer       37 tokens, BOS \"<|endoftext|>\" (0), EOS \"<|endoftext|>\" (0)",
            "embedding      296   26.8 %",
            "positions      192   17.4 %",
            "attention      288   26.1 %",
            "MLP            280   25.4 %",
            "norms           48    4.3 %",
            "unembedding      0    0.0 %  tied to the embedding",
            "total        1,104  100.0 %");
  }

  /** The file says how many there are: every family, with and without biases, tied and not. */
  @ParameterizedTest
  @ValueSource(strings = {"gpt2-tiny", "neox-tiny", "rms-gqa-tiny", "rms-mha-tiny"})
  void theTotalIsThatOfTheFile(String model) {
    var hf = Shared.path("golden").resolve(model).resolve("hf");
    var out = CommandRun.of("model", hf.toString()).out();
    var total = Pattern.compile("total +([0-9,]+)").matcher(out);
    assertThat(total.find()).isTrue();
    try (var file = SafeTensors.open(hf.resolve("model.safetensors"))) {
      long stored =
          file.names().stream()
              .mapToLong(n -> file.info(n).shape().stream().reduce(1L, (a, b) -> a * b))
              .sum();
      assertThat(total.group(1).replace(",", "")).isEqualTo(Long.toString(stored));
    }
  }

  @Test
  void everyKindOfHookPointIsListedOnceWithItsShape() {
    var neox = Shared.path("golden/neox-tiny/hf").toString();
    assertThat(CommandRun.of("model", neox).lines())
        .anyMatch(l -> l.matches("blocks\\.L\\.attn\\.hook_rot_q +0-1 +\\[batch, pos, .*"))
        .anyMatch(l -> l.matches("blocks\\.L\\.attn\\.hook_result +0-1 +\\[.*] +on demand"))
        .noneMatch(l -> l.contains("resid_mid"))
        .filteredOn(l -> l.contains("hook_resid_pre"))
        .hasSize(1);
  }

  @Test
  void aModelThatIsNotThereIsAFailure() {
    CommandRun.of("model", folder.resolve("none").toString()).failedWith(1, "no folder");
    CommandRun.of("model", "gpt2-that-nobody-has").failedWith(1, "HF_HUB_OFFLINE");
    CommandRun.of("model", "no such name").failedWith(1, "no such name");
    CommandRun.of("model", folder.toString()).failedWith(1, "config.json");
    CommandRun.of("model").failedWith(2, "MODEL");
  }
}
