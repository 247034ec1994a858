package dev.loupe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Progress;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.sweep.GridBuilder;
import dev.loupe.lens.sweep.PatchSite;
import dev.loupe.lens.sweep.Places;
import dev.loupe.lens.sweep.Sweep;
import dev.loupe.lens.sweep.SweepOptions;
import dev.loupe.model.Bos;
import dev.loupe.model.HookedTransformer;
import dev.loupe.task.Corruption;
import dev.loupe.task.IndirectObject;
import dev.loupe.task.IndirectObjectOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class PatchCommandTest {
  private static final String CLEAN = "When Mary and John went to the store, John gave a drink to";
  private static final String CORRUPT =
      "When Mary and John went to the store, Mary gave a drink to";

  @TempDir private Path folder = Path.of("");

  private static CommandRun patch(String... arguments) {
    return patchOn("demo", arguments);
  }

  private static CommandRun patchOn(String model, String... arguments) {
    return CommandRun.of(
        Stream.concat(Stream.of("patch", "--model", model), Arrays.stream(arguments))
            .toArray(String[]::new));
  }

  private static String[] pair(String... more) {
    var pair =
        Stream.of("--clean", CLEAN, "--corrupt", CORRUPT, "--answer", "Mary", "--wrong", "John");
    return Stream.concat(pair, Arrays.stream(more)).toArray(String[]::new);
  }

  private JsonNode json(CommandRun run) throws IOException {
    assertThat(run.exitCode()).as(run.err()).isZero();
    return JsonMapper.shared().readTree(Files.readString(folder.resolve("result.json")));
  }

  private String result() {
    return folder.resolve("result.json").toString();
  }

  @Test
  void theNumbersAreThoseOfTheLibrary() throws IOException {
    var json =
        json(
            patch(
                "--task",
                "ioi",
                "--prompts",
                "4",
                "--seed",
                "3",
                "--corrupt-with",
                "abc",
                "--site",
                "q,z",
                "--positions",
                "END,S2",
                "--layers",
                "2-3",
                "--heads",
                "1,0",
                "--noising",
                "--out",
                result()));
    try (var model = HookedTransformer.load("demo")) {
      var options = new IndirectObjectOptions(4, 3, Corruption.ABC, Bos.PREPEND);
      var pairs = IndirectObject.generate(model.tokenizer(), options).pairs();
      var grid =
          GridBuilder.of(PatchSite.Q, PatchSite.Z)
              .at(Places.parse("END,S2"))
              .layers(List.of(2, 3))
              .heads(List.of(1, 0))
              .build(model.config(), pairs);
      var sweep = Sweep.of(grid, pairs, PatchDirection.NOISING, StandardMetric.LOGIT_DIFFERENCE);
      var found = sweep.run(model, SweepOptions.standard(), Progress.none());
      assertThat(json.path("direction").asString()).isEqualTo("noising");
      assertThat(json.path("axes"))
          .extracting(JsonNode::asString)
          .containsExactly("site", "layer", "position", "head");
      for (int cell = 0; cell < grid.size(); cell++) {
        JsonNode value = json.path("values");
        JsonNode recovery = json.path("recovery");
        for (int at : grid.coordinates(cell)) {
          value = value.path(at);
          recovery = recovery.path(at);
        }
        assertThat(value.asDouble()).isCloseTo(found.value(cell).mean(), within(1e-5));
        assertThat(recovery.asDouble()).isCloseTo(found.recovery(cell).mean(), within(1e-5));
      }
      assertThat(json.at("/clean").asDouble()).isCloseTo(found.clean().mean(), within(1e-5));
    }
  }

  @Test
  void idsGiveWhatTextsGive() throws IOException {
    var texts = json(patch(pair("--out", result())));
    assertThat(texts.at("/prompts/0/answer_tokens/0").asString()).isEqualTo(" Mary");
    var row = texts.path("prompts").path(0);
    var ids =
        json(
            patch(
                "--clean-tokens", list(row.path("clean_ids")),
                "--corrupt-tokens", list(row.path("corrupted_ids")),
                "--answer-tokens", list(row.path("answer_ids")),
                "--wrong-tokens", list(row.path("wrong_ids")),
                "--out", result()));
    assertThat(ids.path("values")).isEqualTo(texts.path("values"));
    assertThat(ids.path("recovery")).isEqualTo(texts.path("recovery"));
  }

  private static String list(JsonNode ids) {
    return ids.toString().replace("[", "").replace("]", "");
  }

  @Test
  void aModelWithoutTokenizerTakesIds() throws IOException {
    var model = TinyModel.write(folder.resolve("model"));
    Files.delete(model.resolve("tokenizer.json"));
    var json =
        json(
            patchOn(
                model.toString(),
                "--clean-tokens",
                "1,2,3;4,5,6,7",
                "--corrupt-tokens",
                "1,4,3;4,5,9,7",
                "--answer-tokens",
                "6,27",
                "--wrong-tokens",
                "7,8;9",
                "--site",
                "resid-pre",
                "--metric",
                "probability-difference",
                "--out",
                result()));
    assertThat(json.path("values")).hasSize(1);
    assertThat(json.at("/values/0")).hasSize(4);
    assertThat(json.at("/prompts/0/clean_tokens").isMissingNode()).isTrue();
    assertThat(json.at("/prompts/0/wrong_ids").toString()).isEqualTo("[7,8]");
    assertThat(json.at("/prompts/1/answer_ids").toString()).isEqualTo("[27]");
    patchOn(model.toString(), pair()).failedWith(1, "without a tokenizer");
  }

  @Test
  void aFolderHoldsThePageAndTheNumbers() throws IOException {
    var out = folder.resolve("new/run");
    var run = patch(pair("--site", "resid-pre", "--out", out.toString()));
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("resid-pre at each position, denoising (clean values")
        .contains("answer \" Mary\" (", "against \" John\" (")
        .contains("L0 at 10 John|Mary")
        .contains("report: " + out.resolve("report.html"));
    var html = Files.readString(out.resolve("report.html"));
    assertThat(html).contains("Denoising resid-pre at each position", "loupe patch --model demo");
    assertThat(out.resolve("result.json")).exists();
    assertThat(out.resolve("unfinished")).doesNotExist();
  }

  @Test
  void parquetAndPagesAreTakenByTheirEnding() {
    for (var name : List.of("cells.parquet", "page.html")) {
      var file = folder.resolve(name);
      assertThat(patch(pair("--positions", "END", "--out", file.toString())).exitCode()).isZero();
      assertThat(file).isNotEmptyFile();
    }
  }

  @Test
  void whatIsTypedAgainIsTheSameRun() throws IOException {
    var arguments =
        "--task ioi --seed 4 --corrupt-with abc --prompts 2 --site pattern --positions END"
            + " --sources S2 --layers 0-1,3 --heads 5 --noising --metric kl --top 3";
    var run = patch((arguments + " --raw --out " + result()).split(" ", -1));
    assertThat(json(run).at("/provenance/command").asString())
        .isEqualTo("./loupe patch --model demo --raw " + arguments.replace("0-1,3", "'0-1,3'"));
  }

  @Test
  void aPlanIsExplainedAndNotRun() {
    var run = patch(pair("--explain", "--out", result()));
    assertThat(run.lines()).anyMatch(line -> line.startsWith("rows of blocks"));
    assertThat(folder.resolve("result.json")).doesNotExist();
  }

  @Test
  void promptsThatDoNotLineUpAreShownTokenByToken() {
    var run =
        patch(
            "--clean", CLEAN, "--corrupt", "Then Mary gave", "--answer", "Mary", "--wrong", "John");
    run.failedWith(2, "15 clean tokens, 4 corrupted ones", "\" Mary\" \" and\"", "\"Then\"");
  }

  @Test
  void whatCannotBeRunIsOneLine() throws IOException {
    patch().failedWith(2, "--clean", "--task ioi");
    patch("--task", "ioi", "--clean", CLEAN).failedWith(2, "--clean and --task");
    patch("--task", "greater-than").failedWith(2, "expected ioi");
    patch("--task", "ioi", "--counterfactual", "x").failedWith(2, "--data");
    patch("--clean", CLEAN, "--answer", "Mary").failedWith(2, "--corrupt");
    patch("--clean", CLEAN, "--corrupt", CORRUPT).failedWith(2, "--answer");
    patch("--clean", CLEAN, "--clean", CLEAN, "--corrupt", CORRUPT, "--answer", "Mary")
        .failedWith(2, "2 --clean, 1 --corrupt");
    patch("--clean", CLEAN, "--corrupt", CORRUPT, "--answer", "Mary")
        .failedWith(2, "--wrong", "logit-difference");
    patch(pair("--clean-tokens", "1,2")).failedWith(2, "texts or ids, not both");
    patch(pair("--metric", "nonsense")).failedWith(2, "nonsense", "log-probability");
    patch(pair("--site", "resid")).failedWith(2, "resid-pre");
    patch(pair("--site", "z,resid-pre")).failedWith(2, "share");
    patch(pair("--positions", "S2")).failedWith(2, "no position S2");
    patch(pair("--positions", "15")).failedWith(2, "at most 15 tokens");
    patch(pair("--sources", "each")).failedWith(2, "only patterns");
    patch(pair("--layers", "9")).failedWith(2, "0 to 3");
    patch(pair("--heads", "1-")).failedWith(2, "--heads");
    patch(pair("--noising", "--denoising")).failedWith(2, "--noising");
    patch(pair("--memory", "much")).failedWith(2, "2g");
    patch(pair("--memory", "1k")).failedWith(2, "1 MiB");
    patch(pair("--threads", "0")).failedWith(2, "threads 0");
    patch(pair("--top", "0")).failedWith(2, "--top 0");
    patch("--clean", CLEAN, "--corrupt", CORRUPT, "--answer", "gave a", "--wrong", "John")
        .failedWith(2, "--answer", "gave a");
    patch("--clean-tokens", "1,2;3", "--corrupt-tokens", "1,x", "--answer-tokens", "1")
        .failedWith(2, "--corrupt-tokens", "\"x\" is no token id");
    patch(
            "--clean-tokens",
            "1,2",
            "--corrupt-tokens",
            "1,3",
            "--answer-tokens",
            "99999",
            "--wrong-tokens",
            "1")
        .failedWith(2, "99999");
    var file = Files.writeString(folder.resolve("file.txt"), "");
    patch(pair("--out", file.toString())).failedWith(1, "is a file");
    patch(pair("--out", folder.resolve("none/r.json").toString())).failedWith(1, "no folder");
  }

  @Test
  void anInterruptionKeepsWhatIsFinishedAndEndsWith130() {
    var out =
        new StringWriter() {
          @Override
          public void write(String text, int offset, int length) {
            super.write(text, offset, length);
            // The last that is said before the sweep begins.
            if (text.contains("480 cells: ")) {
              Thread.currentThread().interrupt();
            }
          }
        };
    var err = new StringWriter();
    var shell = new Shell(Map.of("HF_HUB_OFFLINE", "1"), false, false);
    var arguments = Stream.of("patch", "--model", "demo", "--positions", "each", "--out", result());
    int code =
        Main.run(
            shell,
            new PrintWriter(out, true),
            new PrintWriter(err, true),
            Stream.concat(arguments, Arrays.stream(pair())).toArray(String[]::new));
    assertThat(Thread.interrupted()).isFalse();
    assertThat(code).as(err.toString()).isEqualTo(130);
    assertThat(err.toString()).contains("interrupted; what was finished is in").hasLineCount(1);
    assertThat(out.toString()).contains("This sweep was interrupted");
    assertThat(folder.resolve("result.json")).content().contains("null").doesNotContain("NaN");
  }

  @Test
  void helpIsForEighty() {
    var shell = new Shell(Map.of("COLUMNS", "80"), true, true);
    for (var command : List.of("patch", "path-patch", "ablate")) {
      var run = CommandRun.of(shell, command, "--help");
      assertThat(run.out().replaceAll("\u001b\\[[0-9;]*m", "").lines())
          .isNotEmpty()
          .allMatch(line -> line.length() <= 80);
    }
  }

  @Test
  void anEndingThatIsNotWrittenIsRefused() {
    CommandRun.of(
            "patch",
            "--model",
            "demo",
            "--task",
            "ioi",
            "--out",
            folder.resolve("x.csv").toString())
        .failedWith(1, "written as .json, .parquet or .html");
    assertThat(folder).isEmptyDirectory();
  }
}
