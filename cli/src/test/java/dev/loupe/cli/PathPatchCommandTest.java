package dev.loupe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.lens.At;
import dev.loupe.lens.Head;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Site;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.sweep.Axis;
import dev.loupe.lens.sweep.Grid;
import dev.loupe.lens.sweep.NaivePathPatching;
import dev.loupe.lens.sweep.PathPatching;
import dev.loupe.lens.sweep.PathPatching.Recompute;
import dev.loupe.lens.sweep.Receiver;
import dev.loupe.lens.sweep.SweepOptions;
import dev.loupe.lens.sweep.SweepResult;
import dev.loupe.model.Bos;
import dev.loupe.model.HookedTransformer;
import dev.loupe.task.Corruption;
import dev.loupe.task.IndirectObject;
import dev.loupe.task.IndirectObjectOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class PathPatchCommandTest {
  @TempDir private Path folder = Path.of("");

  private CommandRun paths(String... arguments) {
    return pathsInto("result.json", arguments);
  }

  private CommandRun pathsInto(String out, String... arguments) {
    var usual = "path-patch --model demo --task ioi --prompts 3 --corrupt-with abc --out";
    return CommandRun.of(
        Stream.of(
                Arrays.stream(usual.split(" ", -1)),
                Stream.of(folder.resolve(out).toString()),
                Arrays.stream(arguments))
            .flatMap(part -> part)
            .toArray(String[]::new));
  }

  private JsonNode json(String... arguments) throws IOException {
    var run = paths(arguments);
    assertThat(run.exitCode()).as(run.err()).isZero();
    return JsonMapper.shared().readTree(Files.readString(folder.resolve("result.json")));
  }

  private static PromptPairs pairs(HookedTransformer model) {
    var options = new IndirectObjectOptions(3, 0, Corruption.ABC, Bos.PREPEND);
    return IndirectObject.generate(model.tokenizer(), options).pairs();
  }

  private static SweepResult run(HookedTransformer model, PathPatching patching) {
    return patching.run(model, SweepOptions.standard(), Progress.none());
  }

  private static void same(JsonNode json, SweepResult found, double tolerance) {
    var grid = found.sweep().grid();
    for (int cell = 0; cell < grid.size(); cell++) {
      JsonNode value = json.path("values");
      JsonNode recovery = json.path("recovery");
      for (int at : grid.coordinates(cell)) {
        value = value.path(at);
        recovery = recovery.path(at);
      }
      assertThat(value.asDouble()).isCloseTo(found.value(cell).mean(), within(tolerance));
      assertThat(recovery.asDouble()).isCloseTo(found.recovery(cell).mean(), within(tolerance));
    }
    assertThat(json.at("/clean").asDouble()).isCloseTo(found.clean().mean(), within(1e-5));
  }

  @Test
  void everyHeadToTheEndIsWhatTheLibraryGives() throws IOException {
    var json = json();
    assertThat(json.path("study").asString()).isEqualTo("path-patching");
    assertThat(json.path("direction").asString()).isEqualTo("noising");
    assertThat(json.at("/interventions/receivers").toString())
        .isEqualTo("[{\"input\":\"final\",\"positions\":\"END\"}]");
    try (var model = HookedTransformer.load("demo")) {
      var patching =
          PathPatching.from(PathPatching.heads(model.config(), At.all()))
              .to(Receiver.finalResidual().at(At.END))
              .noising(pairs(model), StandardMetric.LOGIT_DIFFERENCE);
      same(json, run(model, patching), 1e-5);
    }
  }

  @Test
  void someSendersToSomeReceiversAreWhatTheNaiveWayGives() throws IOException {
    var json =
        json(
            "--senders",
            "L1H4,MLP0,L3H2",
            "--sender-positions",
            "S2,END",
            "--to",
            "q:L2H0,L2H3",
            "k:L3H5",
            "--to",
            "mlp:2",
            "--receiver-positions",
            "S2,END",
            "--freeze-norms",
            "--denoising");
    assertThat(json.path("axes"))
        .extracting(JsonNode::asString)
        .containsExactly("sender", "position");
    assertThat(json.path("labels")).extracting(JsonNode::size).containsExactly(3, 2);
    assertThat(json.at("/interventions/senders").toString())
        .isEqualTo("{\"components\":[\"L1H4\",\"MLP0\",\"L3H2\"],\"positions\":\"S2,END\"}");
    assertThat(json.at("/interventions/recomputed").toString()).isEqualTo("[\"mlps\"]");
    try (var model = HookedTransformer.load("demo")) {
      var senders = List.of(Site.z(new Head(1, 4)), PathPatching.mlp(0), Site.z(new Head(3, 2)));
      var at = List.of(At.named("S2"), At.END);
      var grid =
          Grid.of(
              List.of(Axis.numbered("sender", 3), Axis.numbered("position", 2)),
              cell ->
                  List.of(Intervention.patch(senders.get(cell.get(0)).at(at.get(cell.get(1))))));
      var receivers =
          Stream.of(
                  Receiver.q(new Head(2, 0)),
                  Receiver.q(new Head(2, 3)),
                  Receiver.k(new Head(3, 5)),
                  Receiver.mlp(2))
              .flatMap(receiver -> at.stream().map(receiver::at))
              .toArray(Receiver[]::new);
      var patching =
          PathPatching.from(grid)
              .to(receivers)
              .recomputing(Recompute.MLPS)
              .denoising(pairs(model), StandardMetric.LOGIT_DIFFERENCE);
      same(json, run(model, patching), 1e-5);
      same(json, NaivePathPatching.run(patching, model, Progress.none()), 1e-4);
    }
    // The last head comes after all receivers.
    double corrupted = json.at("/corrupted").asDouble();
    assertThat(json.at("/values/2/1").asDouble()).isEqualTo(corrupted);
    assertThat(json.at("/values/0/0").asDouble()).isNotEqualTo(corrupted);
  }

  @Test
  void receiversAreWhereTheyMatterUnlessSaidOtherwise() throws IOException {
    var json =
        json("--senders", "mlps", "--to", "final q:L3H5 k:L3H5 v:L3H5 mlp:3", "--freeze-mlps");
    assertThat(json.at("/interventions/receivers"))
        .extracting(r -> r.path("input").asString() + " " + r.path("positions").asString())
        .containsExactly("final END", "q END", "k all", "v all", "mlp all");
    assertThat(json.path("values")).hasSize(4);
    var loss = json("--senders", "L3H5", "--metric", "loss", "--freeze-mlps", "--freeze-norms");
    assertThat(loss.at("/interventions/receivers/0/positions").asString()).isEqualTo("all");
    assertThat(loss.at("/interventions/recomputed")).isEmpty();
  }

  @Test
  void aFolderHoldsThePageAndTheNumbers() throws IOException {
    var out = folder.resolve("run");
    var run = pathsInto("run", "--to", "q:L3H5,L2H1");
    assertThat(run.exitCode()).as(run.err()).isZero();
    var said = "each head at all positions -> L3H5.q, L2H1.q at END (MLPs and norms recomputed)";
    assertThat(run.out().replaceAll("\\s+", " "))
        .contains("32 cells: 4 (layer) x 8 (head), paths from " + said + ", noising (corrupted")
        .contains("Loss of the logit difference by sender", "report: ");
    assertThat(Files.readString(out.resolve("report.html")))
        .contains("Path patching, noising: each head at all positions → L3H5.q, L2H1.q at END")
        .contains("carry the behaviour along their paths", "loupe path-patch --model demo");
    assertThat(out.resolve("result.json")).exists();
    assertThat(out.resolve("unfinished")).doesNotExist();
  }

  @Test
  void sendersAreRankedAlsoWhenTheyAreNamed() {
    var run = pathsInto("cells.parquet", "--senders", "L0H0,L3H5,L3H6");
    assertThat(run.out()).contains("The 3 cells of 3 that do most").doesNotContain("Without");
    assertThat(folder.resolve("cells.parquet")).isNotEmptyFile();
  }

  @Test
  void aSenderAfterItsReceiverHasNoEffectAndNoError() {
    var run = paths("--senders", "L3H5,L0H1", "--to", "q:L1H0");
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out()).containsPattern("L3H5 +0\\.0+ +0\\.0+ ");
  }

  @Test
  void explainSaysWhatItWouldComputeAndRunsNothing() {
    var run = paths("--explain", "--to", "q:L3H5");
    assertThat(run.exitCode()).as(run.err()).isZero();
    // The heads of the last layer come after its queries; 3 layers of 8 heads come before.
    assertThat(run.out())
        .contains("32 cells x 3 prompts")
        .contains("unchanged: 24 of 96 cells x prompts")
        .contains("between senders and receivers: 144 rows of MLPs alone")
        .contains("second runs: 72 rows of blocks, for 72 cells x prompts")
        .contains("two whole passes a cell", "GFLOP", "memory: about", "chunks: ");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void whatIsTypedAgainIsTheSameRun() throws IOException {
    var arguments =
        "--senders L1H4 --sender-positions END --to q:L2H0 --to mlp:3 --receiver-positions S2"
            + " --freeze-mlps --freeze-norms --noising --metric probability --top 3";
    assertThat(json(arguments.split(" ", -1)).at("/provenance/command").asString())
        .isEqualTo(
            "./loupe path-patch --model demo --task ioi --seed 0 --corrupt-with abc --prompts 3 "
                + arguments);
  }

  @Test
  void whatCannotBeRunIsOneLine() {
    CommandRun.of("path-patch", "--model", "demo").failedWith(2, "--clean", "--task ioi");
    paths("--to", "q:L4H0").failedWith(2, "--to q L4H0", "L0H0 to L3H7");
    paths("--to", "q:L3H9,L3H1").failedWith(2, "--to q L3H9");
    paths("--to", "mlp:4").failedWith(2, "--to mlp", "0 to 3");
    paths("--to", "L3H5").failedWith(2, "--to \"L3H5\"", "final", "q:L9H6");
    paths("--to", "z:L3H5").failedWith(2, "--to \"z:L3H5\"");
    paths("--to", "final", "--to", "q:L3H5 final").failedWith(2, "twice");
    paths("--to", "final", "--receiver-positions", "99").failedWith(2, "99", "tokens long");
    paths("--to", "final", "--receiver-positions", "S5").failedWith(2, "no position S5");
    paths("--receiver-positions", "each").failedWith(2, "together");
    paths("--senders", "L4H0").failedWith(2, "--senders L4H0");
    paths("--senders", "neurons").failedWith(2, "--senders \"neurons\"");
    paths("--senders", "MLP4").failedWith(2, "--senders MLP", "0 to 3");
    paths("--senders", "MLP1,MLP1").failedWith(2, "twice");
    paths("--senders", "L3H1", "--sender-positions", "99").failedWith(2, "99");
    paths("--sender-positions", "99").failedWith(2, "99");
    paths("--sender-positions", "5..2").failedWith(2, "5..2");
    paths("--noising", "--denoising").failedWith(2, "--noising");
  }
}
