package dev.loupe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.lens.StandardMetric;
import dev.loupe.model.Bos;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Hooks;
import dev.loupe.task.Corruption;
import dev.loupe.task.IndirectObject;
import dev.loupe.task.IndirectObjectOptions;
import dev.loupe.tensor.TensorScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class AblateCommandTest {
  @TempDir private Path folder = Path.of("");

  private CommandRun ablate(String... arguments) {
    var usual =
        Stream.of(
            "ablate",
            "--model",
            "demo",
            "--task",
            "ioi",
            "--prompts",
            "4",
            "--out",
            folder.resolve("result.json").toString());
    return CommandRun.of(Stream.concat(usual, Arrays.stream(arguments)).toArray(String[]::new));
  }

  private JsonNode json(String... arguments) throws IOException {
    var run = ablate(arguments);
    assertThat(run.exitCode()).as(run.err()).isZero();
    return JsonMapper.shared().readTree(Files.readString(folder.resolve("result.json")));
  }

  /** The clean logit difference with the outputs of some heads and the first MLP set to zero. */
  private static double zeroed(int layer, int... heads) {
    try (var model = HookedTransformer.load("demo");
        var _ = TensorScope.open()) {
      var options = new IndirectObjectOptions(4, 0, Corruption.NAME_SWAP, Bos.PREPEND);
      var pairs = IndirectObject.generate(model.tokenizer(), options).pairs();
      double sum = 0;
      for (int row = 0; row < pairs.size(); row++) {
        var one = pairs.rows(row, row + 1);
        var hooks = Hooks.none();
        for (int head : heads) {
          hooks =
              hooks.replace(
                  HookPoint.z(layer), (z, at) -> z.withSelect(2, head, z.select(2, head).mul(0)));
        }
        var logits = model.runWithHooks(one.clean(), hooks);
        int last = one.clean().length() - 1;
        sum += StandardMetric.LOGIT_DIFFERENCE.ofLogits(logits.select(1, last), one.answers())[0];
      }
      return sum / pairs.size();
    }
  }

  @Test
  void aSetAndEachOfItAreWhatHooksGive() throws IOException {
    var json = json("--heads", "L3H5,L3H6", "--each", "--with", "zero");
    assertThat(json.at("/labels/0").toString()).isEqualTo("[\"all 2\",\"L3H5\",\"L3H6\"]");
    assertThat(json.path("study").asString()).isEqualTo("ablation");
    assertThat(json.at("/values/0").asDouble()).isCloseTo(zeroed(3, 5, 6), within(1e-4));
    assertThat(json.at("/values/1").asDouble()).isCloseTo(zeroed(3, 5), within(1e-4));
    assertThat(json.at("/values/2").asDouble()).isCloseTo(zeroed(3, 6), within(1e-4));
    assertThat(json.path("recovery").isNull()).isTrue();
  }

  @Test
  void keepingAllChangesNothingAndKeepingNoHeadIsEveryHeadOut() throws IOException {
    var heads = new StringBuilder();
    for (int i = 0; i < 32; i++) {
      heads.append(i == 0 ? "" : ",").append('L').append(i / 8).append('H').append(i % 8);
    }
    var all = json("--heads", heads.toString(), "--keep", "--keep-mlps");
    assertThat(all.at("/values/0").asDouble())
        .isCloseTo(all.at("/clean").asDouble(), within(1e-4));
    var one = json("--heads", "L3H5", "--keep", "--with", "zero");
    var out =
        json("--heads", heads.toString().replace("L3H5,", ""), "--mlps", "0-3", "--with", "zero");
    assertThat(one.at("/values/0").asDouble())
        .isCloseTo(out.at("/values/0").asDouble(), within(1e-4));
    assertThat(one.path("study").asString()).isEqualTo("ablation-of-the-rest");
  }

  @Test
  void everyHeadAloneIsAGrid() throws IOException {
    var json = json("--all-heads", "--with", "zero");
    assertThat(json.path("values")).hasSize(4).allMatch(row -> row.size() == 8);
    assertThat(json.at("/values/3/5").asDouble()).isCloseTo(zeroed(3, 5), within(1e-4));
  }

  @Test
  void means() throws IOException {
    var clean = json("--heads", "L3H5", "--with", "mean");
    assertThat(clean.at("/interventions/values_from").asString()).isEqualTo("clean prompts");
    var corrupted = json("--heads", "L3H5", "--with", "mean", "--corrupt-with", "abc");
    assertThat(corrupted.at("/interventions/values_from").asString())
        .isEqualTo("corrupted prompts");
    assertThat(corrupted.at("/values/0").asDouble()).isNotEqualTo(clean.at("/values/0").asDouble());
    var resampled =
        json(
            "--neurons",
            "L0N3,L0N5",
            "--mlps",
            "1",
            "--with",
            "resample",
            "--corrupt-with",
            "abc",
            "--positions",
            "END,S2");
    assertThat(resampled.at("/values/0").isNumber()).isTrue();
  }

  @Test
  void whatCannotBeRunIsOneLine() {
    ablate().failedWith(2, "--heads", "--all-heads");
    ablate("--heads", "L3H5", "--all-heads").failedWith(2, "--all-heads");
    ablate("--heads", "L4H0").failedWith(2, "L4H0", "L3H7");
    ablate("--heads", "3.5").failedWith(2, "L9H6");
    ablate("--heads", "L3H5,L3H5").failedWith(2, "twice");
    ablate("--mlps", "4").failedWith(2, "0 to 3");
    ablate("--heads", "L3H5", "--with", "nothing").failedWith(2, "mean-by-template");
    ablate("--heads", "L3H5", "--positions", "each").failedWith(2, "together");
    ablate("--heads", "L3H5", "--positions", "99").failedWith(2, "99");
    ablate("--heads", "L3H5", "--keep-mlps").failedWith(2, "--keep");
    ablate("--neurons", "L0N1", "--keep").failedWith(2, "--neurons");
    ablate("--heads", "L3H5", "--with", "resample", "--prompts", "1").failedWith(2, "--prompts");
    CommandRun.of(
            "ablate",
            "--model",
            "demo",
            "--task",
            "ioi",
            "--prompts",
            "1",
            "--heads",
            "L3H5",
            "--with",
            "resample")
        .failedWith(2, "replaced by itself");
  }
}
